//! A trained network as a function.

use super::jet::Jet;
use super::network::Network;
use super::problem::{Domain, OfCoordinates, Problem};
use crate::error::Result;
use crate::kernels::jets::JetOrder;
use ndarray::Array2;

/// Points that are worked on at a time.
const CHUNK: usize = 4096;

/// A network with its weights and the conditions that it keeps exactly.
#[derive(Clone)]
pub struct Field {
    /// Shape of the network.
    pub network: Network,
    /// Its weights.
    pub parameters: Vec<f64>,
    /// Where it is defined.
    pub domain: Domain,
    lift: Option<OfCoordinates>,
    distance: Option<OfCoordinates>,
}

impl Field {
    /// The solution of a problem by a network.
    pub fn new(problem: &Problem, network: Network, parameters: Vec<f64>) -> Self {
        Self {
            network,
            parameters,
            domain: problem.domain.clone(),
            lift: problem.lift.clone(),
            distance: problem.distance.clone(),
        }
    }

    /// Jets of an order at points, `D` numbers each.
    ///
    /// # Errors
    /// When a point lies outside the domain.
    pub fn jets(&self, points: &[f64], order: JetOrder) -> Result<Jet> {
        self.domain.check(points)?;
        let network = self.network.with_order(order);
        let raw = network.at(&self.parameters, &network.features(points));
        if self.lift.is_none() && self.distance.is_none() {
            return Ok(raw);
        }
        let at = Jet::coordinates(points, order, network.device());
        let lift = self.lift.as_ref().map(|f| f(&at));
        let distance = self.distance.as_ref().map(|f| f(&at));
        Ok(constrained(raw, lift.as_ref(), distance.as_ref()))
    }

    /// Values `[N, W]` at points, `D` numbers each.
    ///
    /// # Errors
    /// When a point lies outside the domain.
    pub fn values(&self, points: &[f64]) -> Result<Array2<f64>> {
        let d = self.domain.coordinates();
        let order = JetOrder::new(d, &[]);
        let (mut values, mut width) = (Vec::new(), 0);
        for chunk in points.chunks(CHUNK * d) {
            let jet = self.jets(chunk, order)?.value();
            width = jet.dims()[1];
            values.extend(jet.into_data().try_into_vec::<f64>().unwrap_or_default());
        }
        let shape = (points.len() / d, width);
        Ok(Array2::from_shape_vec(shape, values).unwrap_or_default())
    }
}

/// `lift + distance * raw`.
pub(super) fn constrained(raw: Jet, lift: Option<&Jet>, distance: Option<&Jet>) -> Jet {
    let u = match distance {
        Some(distance) => raw.times(distance),
        None => raw,
    };
    match lift {
        Some(lift) => u.add(lift),
        None => u,
    }
}
