//! The equation, its grid and its sides.

use super::five_point::Stretch;
use crate::maxwell::constants::SPEED_OF_LIGHT;
use crate::torus::positive;
use crate::{Error, Result};
use num_complex::Complex64;
use std::f64::consts::TAU;

/// An absorbing layer of stretched coordinates,
///
/// ```text
/// s(l) = 1 - j (m + 1) ln(1/R) / (2 k L) (l / L)^m
/// ```
///
/// at a depth l of its thickness L: a wave at right angles comes back from the conductor behind it
/// with the amplitude R (J.-P. Berenger, J. Comput. Phys. 114, 185-200, 1994; W. Shin and S. Fan,
/// J. Comput. Phys. 231, 3406-3431, 2012), and with what the steps of s between the lines reflect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layer {
    /// Thickness in cells.
    pub cells: usize,
    /// Exponent m of the profile.
    pub order: f64,
    /// R.
    pub reflection: f64,
}

impl Layer {
    /// Of `cells` cells, with a cubic profile and R = 1e-7.
    pub fn new(cells: usize) -> Self {
        Self {
            cells,
            order: 3.0,
            reflection: 1e-7,
        }
    }
}

/// What is at a side of the grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Side {
    /// A perfect conductor: `u = 0` on the outermost line.
    Conductor,
    /// An absorbing layer of the outermost cells, with a conductor behind it.
    Absorbing(Layer),
}

/// Helmholtz' equation on a rectangle of equal cells.
///
/// Values are at the crossings of `cells + 1` lines along each axis, `[y][x]`; the origin is the
/// middle of the rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Helmholtz {
    /// Wave number k of empty space in rad/m.
    pub wave_number: f64,
    /// Side of a cell in m.
    pub spacing: f64,
    /// Cells along x and y, absorbing layers included.
    pub cells: [usize; 2],
    /// `[x, y]`, each at the low and the high end.
    pub sides: [[Side; 2]; 2],
}

impl Helmholtz {
    /// At a frequency in Hz, with the same at all sides.
    pub fn at_frequency(frequency: f64, spacing: f64, cells: [usize; 2], side: Side) -> Self {
        Self {
            wave_number: TAU * frequency / SPEED_OF_LIGHT,
            spacing,
            cells,
            sides: [[side; 2]; 2],
        }
    }

    /// The equation, if it can be solved.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a wave number, spacing, profile or reflection out of range, or fewer
    /// than 4 cells per wavelength of empty space; [`Error::Size`] for fewer than 2 cells without the
    /// layers.
    pub fn validated(self) -> Result<Self> {
        positive("wave_number", self.wave_number)?;
        positive("spacing", self.spacing)?;
        let per_wavelength = TAU / (self.wave_number * self.spacing);
        if per_wavelength < 4.0 {
            return Err(Error::Parameter {
                name: "cells per wavelength",
                value: per_wavelength,
                expected: "4 or more: take smaller cells",
            });
        }
        for axis in 0..2 {
            let [low, high] = self.layers(axis);
            let layers = low.saturating_add(high);
            if self.cells[axis] < layers.saturating_add(2) {
                return Err(Error::Size {
                    what: ["cells along x", "cells along y"][axis],
                    expected: format!("2 or more beside the {layers} of the absorbing layers"),
                    found: self.cells[axis],
                });
            }
        }
        for side in self.sides.iter().flatten() {
            let Side::Absorbing(layer) = side else {
                continue;
            };
            positive("order of an absorbing layer", layer.order)?;
            if !(layer.reflection > 0.0 && layer.reflection < 1.0) {
                return Err(Error::Parameter {
                    name: "reflection of an absorbing layer",
                    value: layer.reflection,
                    expected: "a number between 0 and 1",
                });
            }
        }
        Ok(self)
    }

    /// Shape of a field: lines along y and x.
    pub fn shape(&self) -> [usize; 2] {
        [self.cells[1] + 1, self.cells[0] + 1]
    }

    /// Coordinates in m of the lines along x (0) or y (1).
    ///
    /// # Panics
    /// For another axis.
    pub fn points(&self, axis: usize) -> Vec<f64> {
        let middle = 0.5 * self.cells[axis] as f64;
        (0..=self.cells[axis])
            .map(|i| (i as f64 - middle) * self.spacing)
            .collect()
    }

    /// Cells of the layers at the low and the high end of an axis.
    pub(super) fn layers(&self, axis: usize) -> [usize; 2] {
        self.sides[axis].map(|side| match side {
            Side::Conductor => 0,
            Side::Absorbing(layer) => layer.cells,
        })
    }

    /// Whether the equation at a point has no part in a layer.
    pub(super) fn is_free(&self, row: usize, column: usize) -> bool {
        [column, row].into_iter().enumerate().all(|(axis, at)| {
            let [low, high] = self.layers(axis);
            (low..=self.cells[axis] - high).contains(&at)
        })
    }

    pub(super) fn stretch(&self, axis: usize) -> Stretch {
        let cells = self.cells[axis];
        let at = |place: f64| {
            let depths = [place, cells as f64 - place];
            let mut s = Complex64::ONE;
            for (side, from_wall) in self.sides[axis].into_iter().zip(depths) {
                let Side::Absorbing(layer) = side else {
                    continue;
                };
                let share = 1.0 - from_wall / layer.cells as f64;
                if share > 0.0 {
                    let thickness = self.wave_number * self.spacing * layer.cells as f64;
                    let most = -(layer.order + 1.0) * layer.reflection.ln() / (2.0 * thickness);
                    s.im -= most * share.powf(layer.order);
                }
            }
            s
        };
        Stretch {
            lines: (0..=cells).map(|i| at(i as f64)).collect(),
            between: (0..cells).map(|i| at(i as f64 + 0.5)).collect(),
        }
    }
}
