//! The mean medium of a cell that several materials share.
//!
//! Arithmetic mean across the direction of the field, harmonic along it:
//!
//! ```text
//! 1 / eps_eff = (1 / l) int dl / ( (1 / A) int eps dA )
//! ```
//!
//! Along each axis a cell is first cut at the flat faces of all solids, so that boxes are averaged
//! exactly wherever they lie; if a slanted or round surface may pass, each part is cut again into
//! equal samples.

use super::shape::Overlap;
use super::{Material, Medium, Solid};
use crate::maxwell::{Axis, Pole};

/// Samples along each axis of a part that a slanted surface may cut.
const SAMPLES: usize = 6;
/// Means over slanted surfaces are rounded to this, so that palettes stay small.
const QUANTUM: f64 = 1.0 / 2048.0;

/// Intervals of one axis that make up a cell: one, or two where a cell of the dual mesh wraps
/// round a periodic wall.
pub(super) type Span = Vec<[f64; 2]>;

/// Means along one axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Mean {
    pub permittivity: f64,
    pub conductivity: f64,
    pub permeability: f64,
    pub magnetic_loss: f64,
    pub poles: Vec<Pole>,
    /// Positions of the solids met.
    pub solids: Vec<usize>,
}

/// Solids with volume, highest priority first, and the coordinates of their flat faces.
pub(super) struct Averaging<'a> {
    solids: Vec<(usize, &'a Solid)>,
    faces: [Vec<f64>; 3],
    vacuum: Medium,
}

impl<'a> Averaging<'a> {
    /// `order` lists the positions of the solids, lowest priority first.
    pub fn new(solids: &'a [Solid], order: &[usize]) -> Self {
        let solids: Vec<_> = order
            .iter()
            .rev()
            .map(|&n| (n, &solids[n]))
            .filter(|(_, s)| s.shape.has_volume())
            .collect();
        let faces = Axis::ALL.map(|axis| {
            let mut faces: Vec<f64> = solids
                .iter()
                .flat_map(|(_, s)| s.shape.snap_lines(axis))
                .collect();
            faces.sort_by(f64::total_cmp);
            faces.dedup();
            faces
        });
        Self {
            solids,
            faces,
            vacuum: Medium::vacuum(),
        }
    }

    /// The mean over a cell, for the component along an axis; `None` when all of it is conductor.
    pub fn mean(&self, cell: [&Span; 3], axis: Axis) -> Option<Mean> {
        let low: [f64; 3] =
            std::array::from_fn(|a| cell[a].iter().fold(f64::INFINITY, |m, s| m.min(s[0])));
        let high: [f64; 3] =
            std::array::from_fn(|a| cell[a].iter().fold(f64::NEG_INFINITY, |m, s| m.max(s[1])));
        let near: Vec<&(usize, &Solid)> = self
            .solids
            .iter()
            .filter(|(_, s)| s.shape.overlap(low, high) != Overlap::Outside)
            .collect();
        let slanted = near.iter().any(|(_, s)| s.shape.is_slanted());
        let samples = if slanted { SAMPLES } else { 1 };
        let points: [Vec<(f64, f64)>; 3] =
            std::array::from_fn(|a| cut(cell[a], &self.faces[a], samples));
        let (a, b, c) = (
            axis as usize,
            axis.next() as usize,
            axis.previous() as usize,
        );

        let mut mean = Mean::default();
        let mut volume = vec![0.0; near.len() + 1];
        // series connection of the slices along the axis: sums of 1 / value
        let mut length = 0.0;
        let mut series = [0.0; 4];
        for &(x, dx) in &points[a] {
            let mut area = 0.0;
            let mut parallel = [0.0; 4];
            for &(y, dy) in &points[b] {
                for &(z, dz) in &points[c] {
                    let mut p = [0.0; 3];
                    (p[a], p[b], p[c]) = (x, y, z);
                    let found = near.iter().position(|(_, s)| s.shape.contains(p, 0.0));
                    let medium = match found.map(|n| &near[n].1.material) {
                        None => &self.vacuum,
                        Some(Material::Pec) => continue,
                        Some(Material::Medium(medium)) => medium,
                    };
                    let weight = dy * dz;
                    area += weight;
                    volume[found.unwrap_or(near.len())] += weight * dx;
                    for (sum, value) in parallel.iter_mut().zip([
                        medium.permittivity[a],
                        medium.conductivity[a],
                        medium.permeability[a],
                        medium.magnetic_loss[a],
                    ]) {
                        *sum += weight * value;
                    }
                }
            }
            if area > 0.0 {
                length += dx;
                for (sum, value) in series.iter_mut().zip(parallel) {
                    *sum += dx * area / value;
                }
            }
        }
        if length == 0.0 {
            return None;
        }
        let [eps, sigma, mu, loss] = series.map(|s| length / s);
        let round = |x: f64| {
            if slanted {
                (x / QUANTUM).round() * QUANTUM
            } else {
                x
            }
        };
        // conductivities have no natural size: in units of the largest around
        let unit = |values: fn(&Medium) -> [f64; 3]| {
            near.iter()
                .filter_map(|(_, s)| match &s.material {
                    Material::Medium(m) => Some(values(m)[a]),
                    Material::Pec => None,
                })
                .fold(f64::MIN_POSITIVE, f64::max)
        };
        let (sigma_unit, loss_unit) = (unit(|m| m.conductivity), unit(|m| m.magnetic_loss));
        mean.permittivity = round(eps);
        mean.conductivity = round(sigma / sigma_unit) * sigma_unit;
        mean.permeability = round(mu);
        mean.magnetic_loss = round(loss / loss_unit) * loss_unit;
        let total: f64 = volume.iter().sum();
        for (v, (n, solid)) in volume.iter().zip(&near) {
            if *v == 0.0 {
                continue;
            }
            mean.solids.push(*n);
            if let Material::Medium(medium) = &solid.material {
                let share = round(v / total);
                mean.poles.extend(medium.poles.iter().map(|p| Pole {
                    a: p.a * share,
                    ..*p
                }));
            }
        }
        Some(mean)
    }
}

/// Middles and lengths of the parts of a span cut at `faces` (sorted), each into `samples`.
fn cut(span: &Span, faces: &[f64], samples: usize) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    for &[low, high] in span {
        let tolerance = 1e-9 * (high - low);
        let first = faces.partition_point(|&f| f <= low + tolerance);
        let last = faces.partition_point(|&f| f < high - tolerance);
        let mut start = low;
        let ends = faces.get(first..last).unwrap_or_default();
        for &end in ends.iter().chain([&high]) {
            let step = (end - start) / samples as f64;
            points.extend((0..samples).map(|i| (start + (i as f64 + 0.5) * step, step)));
            start = end;
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maxwell::geometry::Shape;

    fn half(axis: usize, at: f64, medium: Medium) -> Solid {
        let mut min = [-10.0; 3];
        min[axis] = at;
        let max = [10.0; 3];
        Solid::new("half", Shape::Box { min, max }, Material::Medium(medium))
    }

    #[test]
    fn parallel_and_series() {
        let cell = [
            vec![[0.0, 1.0]],
            vec![[0.0, 1.0]],
            vec![[0.0, 0.5], [0.5, 1.0]],
        ];
        let cell = [&cell[0], &cell[1], &cell[2]];
        for axis in Axis::ALL {
            let solids = [half(axis as usize, 0.3, Medium::dielectric(4.0))];
            let averaging = Averaging::new(&solids, &[0]);
            let along = averaging.mean(cell, axis).unwrap();
            assert!((along.permittivity - 1.0 / (0.3 + 0.7 / 4.0)).abs() < 1e-14);
            let across = averaging.mean(cell, axis.next()).unwrap();
            assert!((across.permittivity - (0.3 + 0.7 * 4.0)).abs() < 1e-14);
        }
    }

    #[test]
    fn a_sphere_has_its_volume_and_conductors_do_not_count() {
        let sphere = Shape::Sphere {
            centre: [0.0; 3],
            radius: 1.0,
        };
        let mut medium = Medium::dielectric(1.0);
        medium.poles.push(Pole::debye(1.0, 1.0));
        let solids = [
            Solid::new("ball", sphere, Material::Medium(medium)),
            half(0, 0.0, Medium::dielectric(1.0)),
            Solid {
                material: Material::Pec,
                ..half(0, 0.0, Medium::vacuum())
            },
        ];
        let side = vec![[-1.0, 0.0]];
        let averaging = Averaging::new(&solids[..1], &[0]);
        let mean = averaging.mean([&side; 3], Axis::X).unwrap();
        let fraction = std::f64::consts::PI / 6.0;
        assert!((mean.poles[0].a / fraction - 1.0).abs() < 0.02);
        // what is left beside a conductor
        let averaging = Averaging::new(&solids, &[0, 1, 2]);
        let both = vec![[-1.0, 1.0]];
        let mean = averaging.mean([&both, &side, &side], Axis::X).unwrap();
        assert!((mean.poles[0].a / fraction - 1.0).abs() < 0.02);
        assert_eq!(mean.solids, [0]);
        let right = vec![[0.0, 1.0]];
        assert!(averaging.mean([&right, &both, &both], Axis::X).is_none());
    }
}
