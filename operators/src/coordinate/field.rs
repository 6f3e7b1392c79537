//! A trained network as a function.

use super::jet::Jet;
use super::network::Network;
use super::problem::{Domain, OfCoordinates, Problem};
use crate::error::Result;
use crate::kernels::jets::JetOrder;
use ndarray::{Array2, Array3, Axis};

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
        Ok(self.jets_inside(points, order))
    }

    /// The same of points that are known to lie inside.
    pub(super) fn jets_inside(&self, points: &[f64], order: JetOrder) -> Jet {
        let network = self.network.with_order(order);
        let raw = network.at(&self.parameters, &network.features(points));
        if self.lift.is_none() && self.distance.is_none() {
            return raw;
        }
        let at = Jet::coordinates(points, order, network.device());
        let lift = self.lift.as_ref().map(|f| f(&at));
        let distance = self.distance.as_ref().map(|f| f(&at));
        constrained(raw, lift.as_ref(), distance.as_ref())
    }

    /// Values and first derivatives at points, `D` numbers each: `[N, component, W]`, the values first,
    /// then the derivatives by each coordinate.
    ///
    /// # Errors
    /// When a point lies outside the domain.
    pub fn first_jets(&self, points: &[f64]) -> Result<Array3<f64>> {
        let d = self.domain.coordinates();
        let order = JetOrder::new(d, &[]);
        let (mut numbers, mut width) = (Vec::new(), 0);
        for chunk in points.chunks(CHUNK * d) {
            let parts = self.jets(chunk, order)?.parts;
            width = parts.dims()[2];
            let parts = parts.into_data().try_into_vec::<f64>();
            numbers.extend(parts.unwrap_or_default());
        }
        let shape = (points.len() / d, order.components(), width);
        Ok(Array3::from_shape_vec(shape, numbers).unwrap_or_default())
    }

    /// Values `[N, W]` at points, `D` numbers each.
    ///
    /// # Errors
    /// When a point lies outside the domain.
    pub fn values(&self, points: &[f64]) -> Result<Array2<f64>> {
        Ok(self.first_jets(points)?.index_axis_move(Axis(1), 0))
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
