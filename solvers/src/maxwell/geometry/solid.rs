//! Solids, and what a model keeps of them.

use super::{Material, Shape};
use crate::maxwell::{Component, Index};
use crate::{Error, Result};

/// A shape of one material.
#[derive(Clone, Debug, PartialEq)]
pub struct Solid {
    /// Name for messages.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
    /// What it is made of.
    pub material: Material,
    /// Where solids overlap, the higher priority wins; among equals the later one.
    pub priority: i32,
}

impl Solid {
    /// A solid of priority 0.
    pub fn new(name: impl Into<String>, shape: Shape, material: Material) -> Self {
        Self {
            name: name.into(),
            shape,
            material,
            priority: 0,
        }
    }

    /// Checks shape and material.
    ///
    /// # Errors
    /// [`Error::Solid`] with what is wrong; [`Error::Parameter`] for a value of the medium.
    pub fn validate(&self) -> Result<()> {
        if let Some(problem) = self.shape.defect() {
            return Err(self.error(problem));
        }
        match &self.material {
            Material::Pec => Ok(()),
            Material::Medium(_) if !self.shape.has_volume() => Err(self.error(
                "sheets and wires can only be perfect conductors; give it a thickness".into(),
            )),
            Material::Medium(medium) => medium.validate(),
        }
    }

    pub(super) fn error(&self, problem: String) -> Error {
        Error::Solid {
            name: self.name.clone(),
            problem,
        }
    }
}

/// What a model keeps of one solid, in the order of the solids.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Name of the solid.
    pub name: String,
    /// Edges of perfect conductor, or edges with at least some of the medium, in it.
    pub edges: usize,
    /// A wire's edges.
    pub wire: Vec<(Component, Index)>,
    /// A wire's effective radius in metres along its path: the mean over its edges.
    pub radius: Option<f64>,
}
