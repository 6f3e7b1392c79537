//! What is to be solved: a domain, and residuals that are to vanish on parts of it.

use super::jet::Jet;
use crate::error::{Error, Result};
use crate::kernels::jets::JetOrder;
use burn::tensor::Tensor;
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

/// A box of coordinates.
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    /// Names of the coordinates, e.g. `t` and `x`.
    pub names: Vec<String>,
    /// Lower ends.
    pub lower: Vec<f64>,
    /// Upper ends.
    pub upper: Vec<f64>,
    /// Which coordinate is the time, if any.
    pub time: Option<usize>,
}

impl Domain {
    /// Of names with their lower and upper ends; a coordinate named `t` is the time.
    ///
    /// # Errors
    /// When an end is not a number or not above the lower one.
    pub fn new(coordinates: &[(&str, f64, f64)]) -> Result<Self> {
        for &(name, lower, upper) in coordinates {
            if !(lower.is_finite() && upper.is_finite() && lower < upper) {
                let found = format!("{lower} to {upper}");
                return Err(Error::config(name, "a range of increasing numbers", found));
            }
        }
        Ok(Self {
            names: coordinates.iter().map(|c| c.0.to_owned()).collect(),
            lower: coordinates.iter().map(|c| c.1).collect(),
            upper: coordinates.iter().map(|c| c.2).collect(),
            time: coordinates.iter().position(|c| c.0 == "t"),
        })
    }

    /// Number of coordinates.
    pub fn coordinates(&self) -> usize {
        self.lower.len()
    }

    /// Refuses points, `D` numbers each, that lie outside.
    ///
    /// # Errors
    /// With the first such point, named.
    pub fn check(&self, points: &[f64]) -> Result<()> {
        for point in points.chunks(self.coordinates()) {
            for (axis, &value) in point.iter().enumerate() {
                let (low, high) = (self.lower[axis], self.upper[axis]);
                let slack = 1e-9 * (high - low);
                // A comparison that NaN fails.
                if !(value >= low - slack && value <= high + slack) {
                    let expected = format!("{low} to {high}, the domain of the network");
                    return Err(Error::config(&self.names[axis], expected, value));
                }
            }
        }
        Ok(())
    }
}

/// Makes so many points of `D` numbers each.
pub type Sampler = Arc<dyn Fn(usize, &mut ChaCha8Rng) -> Vec<f64> + Send + Sync>;

/// Where the residual of a term is taken.
#[derive(Clone)]
pub enum Place {
    /// In a box: all of the domain, a part, or a face where a lower end is the upper.
    Box {
        /// Lower ends.
        lower: Vec<f64>,
        /// Upper ends.
        upper: Vec<f64>,
    },
    /// At points of another distribution.
    Cloud(Sampler),
}

impl Place {
    /// All of a domain.
    pub fn interior(domain: &Domain) -> Self {
        Self::Box {
            lower: domain.lower.clone(),
            upper: domain.upper.clone(),
        }
    }

    /// Where a coordinate has one value.
    pub fn slice(domain: &Domain, axis: usize, value: f64) -> Self {
        let (mut lower, mut upper) = (domain.lower.clone(), domain.upper.clone());
        (lower[axis], upper[axis]) = (value, value);
        Self::Box { lower, upper }
    }
}

/// Numbers that a term's residual needs at a point, written behind one another.
pub type Given = Arc<dyn Fn(&[f64], &mut [f64]) + Send + Sync>;

/// A residual `[N, K]`, from the functions' jets and what is given at the points, `[N, G]`.
pub type Residual = Arc<dyn Fn(&Jet, &Tensor<2>) -> Tensor<2> + Send + Sync>;

/// Functions of the coordinates alone, from the coordinates' jets.
pub type OfCoordinates = Arc<dyn Fn(&Jet) -> Jet + Send + Sync>;

/// A part of the loss: the mean square of a residual.
#[derive(Clone)]
pub struct Term {
    /// Its name in tables and messages.
    pub name: String,
    /// Where.
    pub place: Place,
    /// Number of points.
    pub points: usize,
    /// Factor in the loss before any balancing.
    pub weight: f64,
    /// Whether it is an equation in time, whose early residuals come first.
    pub causal: bool,
    /// Whether points go where the residual is large, if sampling is adaptive.
    pub adaptive: bool,
    /// How many numbers are given, and what they are.
    pub given: (usize, Given),
    /// What is to vanish.
    pub residual: Residual,
}

impl Term {
    /// The equation itself, with nothing given.
    pub fn equation(
        name: &str,
        place: Place,
        points: usize,
        residual: impl Fn(&Jet, &Tensor<2>) -> Tensor<2> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.to_owned(),
            place,
            points,
            weight: 1.0,
            causal: true,
            adaptive: true,
            given: (0, Arc::new(|_, _| {})),
            residual: Arc::new(residual),
        }
    }

    /// A condition that all functions have given values.
    pub fn values(
        name: &str,
        place: Place,
        points: usize,
        outputs: usize,
        values: impl Fn(&[f64], &mut [f64]) + Send + Sync + 'static,
    ) -> Self {
        Self {
            causal: false,
            adaptive: false,
            given: (outputs, Arc::new(values)),
            ..Self::equation(name, place, points, |u, given| u.value() - given.clone())
        }
    }

    /// With a factor in the loss.
    pub fn weighted(self, weight: f64) -> Self {
        Self { weight, ..self }
    }

    /// A condition: neither causal nor adaptive.
    pub fn condition(self) -> Self {
        Self {
            causal: false,
            adaptive: false,
            ..self
        }
    }

    /// With numbers given at each point.
    pub fn given(
        self,
        count: usize,
        given: impl Fn(&[f64], &mut [f64]) + Send + Sync + 'static,
    ) -> Self {
        Self {
            given: (count, Arc::new(given)),
            ..self
        }
    }
}

/// What is to be solved.
#[derive(Clone)]
pub struct Problem {
    /// Where.
    pub domain: Domain,
    /// Derivatives that the residuals need.
    pub order: JetOrder,
    /// Number of functions.
    pub outputs: usize,
    /// Parts of the loss.
    pub terms: Vec<Term>,
    /// Conditions that hold exactly: the functions are `lift + distance * network`.
    pub lift: Option<OfCoordinates>,
    /// See `lift`: zero where the functions are those of `lift`.
    pub distance: Option<OfCoordinates>,
}

impl Problem {
    /// Refuses what cannot be trained.
    ///
    /// # Errors
    /// When numbers of coordinates differ, or a term has no points, a weight that is not positive or
    /// another's name.
    pub fn check(&self) -> Result<()> {
        let (d, order) = (self.domain.coordinates(), self.order.coordinates());
        if d != order {
            let expected = format!("jets in the domain's {d} coordinates");
            return Err(Error::config("order", expected, order));
        }
        if self.terms.is_empty() {
            return Err(Error::config("terms", "at least one", 0));
        }
        for (n, term) in self.terms.iter().enumerate() {
            if self.terms[..n]
                .iter()
                .any(|before| before.name == term.name)
            {
                return Err(Error::config("terms", "names of their own", &term.name));
            }
            let key = |name: &str| format!("terms.{}.{name}", term.name);
            if term.points == 0 {
                return Err(Error::config(&key("points"), "at least 1", 0));
            }
            if !(term.weight.is_finite() && term.weight > 0.0) {
                let found = term.weight;
                return Err(Error::config(&key("weight"), "a positive number", found));
            }
            if let Place::Box { lower, upper } = &term.place {
                self.domain.check(lower)?;
                self.domain.check(upper)?;
            }
        }
        Ok(())
    }
}
