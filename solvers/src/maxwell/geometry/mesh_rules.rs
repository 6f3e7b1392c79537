//! A graded mesh that resolves the waves in every solid and puts lines on their faces.
//!
//! Along each axis the snapped lines cut the domain into intervals. An interval asks for cells of
//! the shortest wavelength in the solids above it over `cells_per_wavelength`, or of its own length
//! when that is smaller; so does a region, which may begin and end between lines; a cell size may
//! grow with distance x from an interval of size h as
//! `h + (ratio - 1) x`, and the smallest of all these is the size s(x). Each interval then gets
//! `ceil(integral dx / s)` cells at equal steps of that integral.

use super::{Material, Shape, Solid};
use crate::maxwell::constants::SPEED_OF_LIGHT;
use crate::maxwell::{Axis, Mesh};
use crate::{Error, Result};

/// What lies between the solids and the end of the mesh on one side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Margin {
    /// Nothing: the mesh ends at the outermost solid or port. For walls.
    None,
    /// A distance in metres, and `absorbing` further cells equal to the last one.
    Open {
        /// Metres from the outermost solid to the absorbing layer.
        distance: f64,
        /// Cells of the layer.
        absorbing: usize,
    },
    /// No distance, but `absorbing` further cells into which the solids at the end are to reach:
    /// [`MeshRules::mesh`] extends the mesh, the caller's solids have to be that long.
    Through {
        /// Cells of the layer.
        absorbing: usize,
    },
}

/// A region with a largest cell of its own: the gap of an antenna, the thickness of a substrate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// Lowest coordinates; infinite where it does not matter.
    pub min: [f64; 3],
    /// Highest coordinates.
    pub max: [f64; 3],
    /// Largest cell along each axis; infinite where it does not matter.
    pub cell: [f64; 3],
}

/// How to mesh.
#[derive(Clone, Debug, PartialEq)]
pub struct MeshRules {
    /// Highest frequency of interest in Hz.
    pub frequency: f64,
    /// Cells per wavelength at that frequency, in each medium.
    pub cells_per_wavelength: f64,
    /// Lines closer than this are merged; no cell gets smaller. 0: a thousandth of the largest.
    pub smallest_cell: f64,
    /// No cell gets larger. Infinite: the wavelength alone decides.
    pub largest_cell: f64,
    /// Largest ratio of neighbouring cells, above 1.
    pub ratio: f64,
    /// What lies around the solids: `[axis][0]` towards lower coordinates.
    pub margins: [[Margin; 2]; 3],
    /// Regions with cells of their own.
    pub regions: Vec<Region>,
    /// Further lines along x, y, z: the corners of ports, planes of monitors.
    pub lines: [Vec<f64>; 3],
    /// Shift lines at the free edges of perfectly conducting sheets a third of this cell inwards:
    /// the field's singularity makes a sheet look larger than its edges by about that much. `None`
    /// snaps the lines to the edges.
    pub thirds: Option<f64>,
}

/// Cells that the last straight part of a wire has at least when its end may lie between lines.
const LONG: f64 = 4.0;
/// An end this share of a cell or less from another line gets none of its own.
const CLOSE: f64 = 0.15;

impl MeshRules {
    /// 20 cells per wavelength at `frequency` Hz, a ratio of 1.3, open space of a quarter of a
    /// wavelength and 10 absorbing cells on all sides.
    pub fn new(frequency: f64) -> Self {
        let open = Margin::Open {
            distance: SPEED_OF_LIGHT / frequency / 4.0,
            absorbing: 10,
        };
        Self {
            frequency,
            cells_per_wavelength: 20.0,
            smallest_cell: 0.0,
            largest_cell: f64::INFINITY,
            ratio: 1.3,
            margins: [[open; 2]; 3],
            regions: Vec::new(),
            lines: Default::default(),
            thirds: None,
        }
    }

    /// The mesh for these solids.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a rule out of range, [`Error::Solid`] for a solid that has a
    /// defect, [`Error::Size`] when there is nothing to mesh along an axis or the mesh would have
    /// more than a million lines along one.
    pub fn mesh(&self, solids: &[Solid]) -> Result<Mesh> {
        self.validate()?;
        for solid in solids {
            solid.validate()?;
        }
        let mut lines: [Vec<f64>; 3] = Default::default();
        for axis in Axis::ALL {
            lines[axis as usize] = self.axis_lines(solids, axis)?;
        }
        Mesh::new(lines)
    }

    fn validate(&self) -> Result<()> {
        let check = |name, value: f64, ok: bool, expected| {
            if ok {
                Ok(())
            } else {
                Err(Error::Parameter {
                    name,
                    value,
                    expected,
                })
            }
        };
        let f = self.frequency;
        check(
            "highest frequency",
            f,
            f > 0.0 && f.is_finite(),
            "above 0 Hz",
        )?;
        let n = self.cells_per_wavelength;
        check(
            "cells per wavelength",
            n,
            n >= 4.0 && n.is_finite(),
            "4 or more",
        )?;
        let r = self.ratio;
        check(
            "ratio of neighbouring cells",
            r,
            r > 1.0 && r <= 3.0,
            "above 1, at most 3",
        )?;
        let (s, l) = (self.smallest_cell, self.largest_cell);
        check("smallest cell", s, s >= 0.0 && s.is_finite(), "0 m or more")?;
        check("largest cell", l, l > s, "above the smallest cell")?;
        for (name, cell) in self
            .regions
            .iter()
            .flat_map(|r| r.cell)
            .map(|c| ("largest cell of a region", c))
            .chain(self.thirds.map(|c| ("cell of the rule of thirds", c)))
        {
            check(name, cell, cell > 0.0, "above 0 m")?;
        }
        for margin in self.margins.iter().flatten() {
            if let Margin::Open { distance, .. } = *margin {
                let ok = distance >= 0.0 && distance.is_finite();
                check("open margin", distance, ok, "0 m or more")?;
            }
        }
        Ok(())
    }

    /// Largest cell in a medium of refractive index `n`.
    fn cell(&self, n: f64) -> f64 {
        (SPEED_OF_LIGHT / self.frequency / self.cells_per_wavelength / n).min(self.largest_cell)
    }

    fn axis_lines(&self, solids: &[Solid], axis: Axis) -> Result<Vec<f64>> {
        let a = axis as usize;
        let mut snapped = self.lines[a].clone();
        let mut ends = Vec::new();
        for solid in solids {
            let mut lines = solid.shape.snap_lines(axis);
            if let Some(free) = self.movable_ends(solid, axis) {
                lines.retain(|x| !free.contains(x));
                ends.extend(free);
            }
            match (&solid.material, &solid.shape, self.thirds) {
                (Material::Pec, Shape::Sheet { axis: normal, .. }, Some(cell))
                    if *normal != axis =>
                {
                    let third = cell / 3.0;
                    snapped.extend([lines[0] + third, lines[0] - 2.0 * third]);
                    snapped.extend([lines[1] - third, lines[1] + 2.0 * third]);
                }
                _ => snapped.extend(lines),
            }
        }
        self.add_ends(&mut snapped, ends, axis);
        snapped.sort_by(f64::total_cmp);
        let (Some(&first), Some(&last)) = (snapped.first(), snapped.last()) else {
            return Err(Error::Size {
                what: "mesh lines asked for by solids and ports",
                expected: "2 or more along each axis".into(),
                found: 0,
            });
        };
        let (mut low, mut high) = (first, last);
        if let Margin::Open { distance, .. } = self.margins[a][0] {
            low -= distance;
        }
        if let Margin::Open { distance, .. } = self.margins[a][1] {
            high += distance;
        }
        if high <= low {
            return Err(Error::Size {
                what: "mesh lines asked for by solids and ports",
                expected: "2 or more different ones along each axis, or an open margin".into(),
                found: 1,
            });
        }
        snapped.extend([low, high]);
        snapped.sort_by(f64::total_cmp);
        let smallest = if self.smallest_cell > 0.0 {
            self.smallest_cell
        } else {
            self.cell(1.0) * 1e-3
        };
        let snapped = merge(&snapped, smallest);
        let targets = self.targets(solids, axis, &snapped);
        // regions begin and end between lines too
        let (first, last) = (snapped[0], snapped[snapped.len() - 1]);
        let regions: Vec<(f64, f64, f64)> = self
            .regions
            .iter()
            .map(|r| (r.min[a].max(first), r.max[a].min(last), r.cell[a]))
            .filter(|&(low, high, cell)| low < high && cell.is_finite())
            .collect();
        let mut lines = subdivide(&snapped, &targets, &regions, self.ratio)?;
        let absorbing = |margin| match margin {
            Margin::None => 0,
            Margin::Open { absorbing, .. } | Margin::Through { absorbing } => absorbing,
        };
        let n = lines.len();
        let (head, tail) = (lines[1] - lines[0], lines[n - 1] - lines[n - 2]);
        let (first, last) = (lines[0], lines[n - 1]);
        for i in 1..=absorbing(self.margins[a][1]) {
            lines.push(last + i as f64 * tail);
        }
        let before = absorbing(self.margins[a][0]);
        let front = (1..=before).rev().map(|i| first - i as f64 * head);
        Ok(front.chain(lines.iter().copied()).collect())
    }

    /// Coordinates of the ends of a wire that is long enough for ends between lines.
    fn movable_ends(&self, solid: &Solid, axis: Axis) -> Option<Vec<f64>> {
        let Shape::Wire { points, .. } = &solid.shape else {
            return None;
        };
        let a = axis as usize;
        let last = points.len() - 1;
        let ends = [(0, 1), (last, last - 1)].into_iter();
        let long = |&(end, neighbour): &(usize, usize)| {
            let x = points[end][a];
            (x - points[neighbour][a]).abs() > LONG * self.cell_at(x, axis)
        };
        Some(ends.filter(long).map(|(end, _)| points[end][a]).collect())
    }

    /// The cell asked for at a coordinate by the wavelength in vacuum and the regions.
    fn cell_at(&self, x: f64, axis: Axis) -> f64 {
        let a = axis as usize;
        let over = self
            .regions
            .iter()
            .filter(|r| r.min[a] <= x && x <= r.max[a]);
        over.map(|r| r.cell[a]).fold(self.cell(1.0), f64::min)
    }

    /// Adds lines at the ends of wires, but for those of single ends close to another line: tiny
    /// cells would make the time step tiny, and an end need not lie on a line.
    fn add_ends(&self, lines: &mut Vec<f64>, mut ends: Vec<f64>, axis: Axis) {
        ends.sort_by(f64::total_cmp);
        let same = |a: f64, b: f64| (a - b).abs() <= 1e-6 * self.cell_at(a, axis);
        // ends that several wires share may be joints
        let mut single = Vec::new();
        for (n, &x) in ends.iter().enumerate() {
            let others = ends.iter().enumerate().filter(|(m, _)| *m != n);
            if others
                .map(|(_, y)| *y)
                .chain(lines.iter().copied())
                .any(|y| same(x, y))
            {
                lines.push(x);
            } else {
                single.push(x);
            }
        }
        for x in single {
            let close = CLOSE * self.cell_at(x, axis);
            if lines.iter().all(|y| (x - y).abs() > close) {
                lines.push(x);
            }
        }
    }

    /// Largest cell of each interval between snapped lines.
    fn targets(&self, solids: &[Solid], axis: Axis, snapped: &[f64]) -> Vec<f64> {
        let a = axis as usize;
        snapped
            .windows(2)
            .map(|p| {
                let middle = (p[0] + p[1]) / 2.0;
                let over = |low: f64, high: f64| middle > low && middle < high;
                let media = solids.iter().filter_map(|solid| {
                    let Material::Medium(medium) = &solid.material else {
                        return None;
                    };
                    let [low, high] = solid.shape.bounds();
                    over(low[a], high[a]).then(|| self.cell(medium.refractive_index().max(1.0)))
                });
                let tolerance = 1e-9 * (p[1] - p[0]);
                let regions = self.regions.iter().filter_map(|region| {
                    let covered =
                        region.min[a] <= p[0] + tolerance && region.max[a] >= p[1] - tolerance;
                    covered.then_some(region.cell[a])
                });
                media.chain(regions).fold(self.cell(1.0), f64::min)
            })
            .collect()
    }
}

/// What a mesh costs, known before anything is allocated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Number of cells.
    pub cells: u64,
    /// Bytes of the six fields, the media's indices and their coefficients in an engine whose
    /// numbers have `width` bytes. Absorbing layers and monitors add to it.
    pub bytes: u64,
    /// Smallest cell in m.
    pub smallest_cell: f64,
    /// Largest cell in m.
    pub largest_cell: f64,
    /// Largest ratio of neighbouring cells.
    pub ratio: f64,
}

impl Estimate {
    /// The cost of a mesh with numbers of `width` bytes (4 or 8).
    pub fn of(mesh: &Mesh, width: u64) -> Self {
        let values: u64 = mesh.shape().iter().map(|&n| n as u64).product();
        let spacings = Axis::ALL.map(|a| mesh.spacings(a));
        let all = || spacings.iter().flatten().copied();
        Self {
            cells: mesh.cells().iter().map(|&n| n as u64).product(),
            // three u16 arrays of the model, six fields and at worst two coefficients for each of
            // three edges
            bytes: values * (3 * 2 + 6 * width + 6 * width),
            smallest_cell: all().fold(f64::INFINITY, f64::min),
            largest_cell: all().fold(0.0, f64::max),
            ratio: spacings
                .iter()
                .flat_map(|d| d.windows(2))
                .map(|p| (p[0] / p[1]).max(p[1] / p[0]))
                .fold(1.0, f64::max),
        }
    }
}

/// Sorted lines of which none is nearer to its predecessor than `smallest`; the ends stay.
fn merge(sorted: &[f64], smallest: f64) -> Vec<f64> {
    let last = sorted[sorted.len() - 1];
    let mut lines = vec![sorted[0]];
    for &x in &sorted[1..] {
        if x - lines[lines.len() - 1] >= smallest * (1.0 - 1e-9) {
            lines.push(x);
        }
    }
    let n = lines.len();
    if n > 1 {
        lines[n - 1] = last;
    } else {
        lines.push(last);
    }
    lines
}

/// Fills the intervals between `snapped` lines with cells no larger than `targets`, graded, and no
/// larger in `regions` (first and last coordinate, cell) than these ask for.
fn subdivide(
    snapped: &[f64],
    targets: &[f64],
    regions: &[(f64, f64, f64)],
    ratio: f64,
) -> Result<Vec<f64>> {
    let mut sizes: Vec<f64> = snapped
        .windows(2)
        .zip(targets)
        .map(|(p, &t)| {
            let length = p[1] - p[0];
            length / (length / t - 1e-9).ceil().max(1.0)
        })
        .collect();
    // rounding up the number of cells shrinks them, so the neighbours are looked at again
    let mut lines = Vec::new();
    for _ in 0..20 {
        lines = graded(snapped, &sizes, regions, ratio)?;
        if worst_ratio(&lines) <= ratio * (1.0 + 1e-9) {
            break;
        }
        for (p, size) in snapped.windows(2).zip(&mut sizes) {
            let cells = || {
                lines
                    .windows(2)
                    .filter(|c| {
                        c[0] >= p[0] - 1e-12 * p[0].abs() && c[1] <= p[1] + 1e-12 * p[1].abs()
                    })
                    .map(|c| c[1] - c[0])
            };
            *size = size.min(cells().fold(0.0, f64::max));
        }
    }
    Ok(lines)
}

fn worst_ratio(lines: &[f64]) -> f64 {
    lines
        .windows(3)
        .map(|p| (p[1] - p[0]) / (p[2] - p[1]))
        .map(|q| q.max(1.0 / q))
        .fold(1.0, f64::max)
}

/// One pass: the size function `s(x) = min_j (h_j + slope dist(x, interval j))`, integrated.
fn graded(
    snapped: &[f64],
    sizes: &[f64],
    regions: &[(f64, f64, f64)],
    ratio: f64,
) -> Result<Vec<f64>> {
    // cells of a size that grows linearly with x have the ratio exp(slope)
    let slope = 0.9 * ratio.ln();
    let intervals: Vec<(f64, f64, f64)> = snapped
        .windows(2)
        .zip(sizes)
        .map(|(p, &h)| (p[0], p[1], h))
        .collect();
    let size = |x: f64| {
        intervals
            .iter()
            .chain(regions)
            .map(|&(l, r, h)| h + slope * (l - x).max(x - r).max(0.0))
            .fold(f64::INFINITY, f64::min)
    };
    let mut lines = vec![snapped[0]];
    for &(l, r, h) in &intervals {
        let within = regions.iter().filter(|q| q.0 < r && q.1 > l).map(|q| q.2);
        let smallest = within.fold(size(l).min(size(r)).min(h), f64::min);
        let samples = (8.0 * (r - l) / smallest).ceil().max(8.0);
        if samples.is_nan() || samples >= 8e6 || lines.len() > 1_000_000 {
            return Err(Error::Size {
                what: "number of mesh lines along an axis",
                expected: "at most 1000000; relax the rules of the mesh".into(),
                found: ((r - l) / smallest) as usize + lines.len(),
            });
        }
        let samples = samples as usize;
        // cumulative integral of 1 / s by the trapezoidal rule
        let step = (r - l) / samples as f64;
        let mut sum = vec![0.0; samples + 1];
        let mut before = 1.0 / size(l);
        for i in 1..=samples {
            let now = 1.0 / size(l + i as f64 * step);
            sum[i] = sum[i - 1] + (before + now) / 2.0 * step;
            before = now;
        }
        let count = (sum[samples] - 1e-6).ceil().max(1.0) as usize;
        let mut i = 0;
        for n in 1..count {
            let wanted = sum[samples] * n as f64 / count as f64;
            while sum[i + 1] < wanted {
                i += 1;
            }
            let w = (wanted - sum[i]) / (sum[i + 1] - sum[i]);
            lines.push(l + (i as f64 + w) * step);
        }
        lines.push(r);
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maxwell::geometry::Medium;

    fn substrate() -> Vec<Solid> {
        vec![
            Solid::new(
                "substrate",
                Shape::Box {
                    min: [-30e-3, -20e-3, 0.0],
                    max: [30e-3, 20e-3, 1.6e-3],
                },
                Material::Medium(Medium::dielectric(4.4)),
            ),
            Solid::new(
                "patch",
                Shape::Sheet {
                    axis: Axis::Z,
                    offset: 1.6e-3,
                    min: [-14.7e-3, -19e-3],
                    max: [14.3e-3, 19e-3],
                },
                Material::Pec,
            ),
        ]
    }

    #[test]
    fn lines_on_faces_and_gentle_grading() {
        let mut rules = MeshRules::new(3e9);
        rules.regions.push(Region {
            min: [f64::NEG_INFINITY, f64::NEG_INFINITY, 0.0],
            max: [f64::INFINITY, f64::INFINITY, 1.6e-3],
            cell: [f64::INFINITY, f64::INFINITY, 0.4e-3],
        });
        let mesh = rules.mesh(&substrate()).unwrap();
        for (axis, lines) in [
            (Axis::X, vec![-30e-3, -14.7e-3, 14.3e-3, 30e-3]),
            (Axis::Y, vec![-20e-3, -19e-3, 19e-3, 20e-3]),
            (Axis::Z, vec![0.0, 0.4e-3, 0.8e-3, 1.2e-3, 1.6e-3]),
        ] {
            for line in lines {
                assert!(
                    mesh.lines(axis).iter().any(|x| (x - line).abs() < 1e-12),
                    "{axis:?} {line}"
                );
            }
        }
        let estimate = Estimate::of(&mesh, 4);
        assert!(estimate.ratio <= 1.3 * (1.0 + 1e-9), "{}", estimate.ratio);
        assert!(estimate.largest_cell <= 5.0e-3);
        // the absorbing cells are equal
        let z = mesh.spacings(Axis::Z);
        assert!((0..9).all(|i| (z[i] - z[i + 1]).abs() < 1e-12));
        let n: u64 = mesh.cells().iter().map(|&n| n as u64).product();
        assert_eq!(estimate.cells, n);
        assert!(estimate.bytes > n * 24);
        // in the substrate cells follow the wavelength there
        let x = mesh.lines(Axis::X);
        let inside = x
            .windows(2)
            .filter(|p| p[0] > -30.1e-3 && p[1] < 30.1e-3)
            .map(|p| p[1] - p[0])
            .fold(0.0, f64::max);
        assert!(inside <= SPEED_OF_LIGHT / 3e9 / 20.0 / 4.4f64.sqrt() * (1.0 + 1e-6));
    }

    #[test]
    fn regions_begin_and_end_between_lines() {
        let wire = Solid::new(
            "wire",
            Shape::Wire {
                points: vec![[0.0, 0.0, -29e-3], [0.0, 0.0, 29e-3]],
                radius: None,
            },
            Material::Pec,
        );
        let mut rules = MeshRules::new(3e9);
        rules.regions.push(Region {
            min: [-2e-3, -2e-3, -31e-3],
            max: [2e-3, 2e-3, 31e-3],
            cell: [1e-3, 1e-3, 1.5e-3],
        });
        let mesh = rules.mesh(&[wire]).unwrap();
        for (axis, reach, cell) in [(Axis::X, 2e-3, 1e-3), (Axis::Z, 31e-3, 1.5e-3)] {
            let lines = mesh.lines(axis);
            let inside = lines
                .windows(2)
                .filter(|p| p[0].abs().min(p[1].abs()) < reach);
            let largest = inside.map(|p| p[1] - p[0]).fold(0.0, f64::max);
            assert!(
                largest < 1.1 * cell && largest > 0.8 * cell,
                "{axis:?} {largest}"
            );
        }
        let estimate = Estimate::of(&mesh, 4);
        assert!(estimate.ratio <= 1.3 * (1.0 + 1e-9), "{}", estimate.ratio);
    }

    #[test]
    fn thirds_at_the_edges_of_sheets() {
        let mut rules = MeshRules::new(3e9);
        rules.thirds = Some(0.9e-3);
        let mesh = rules.mesh(&substrate()[1..]).unwrap();
        let has = |line: f64| mesh.lines(Axis::X).iter().any(|x| (x - line).abs() < 1e-12);
        assert!(has(14.0e-3) && has(14.9e-3) && !has(14.3e-3));
        assert!(has(-14.4e-3) && has(-15.3e-3));
    }

    #[test]
    fn nearly_equal_lines_merge() {
        assert_eq!(
            merge(&[0.0, 1e-9, 1.0, 2.0 - 1e-9, 2.0], 1e-3),
            [0.0, 1.0, 2.0]
        );
        assert_eq!(merge(&[0.0, 1e-9], 1e-3), [0.0, 1e-9]);
    }

    #[test]
    fn unusable_rules() {
        let mut rules = MeshRules::new(3e9);
        rules.ratio = 1.0;
        assert!(rules.mesh(&substrate()).is_err());
        let mut rules = MeshRules::new(3e9);
        rules.cells_per_wavelength = 1e9;
        assert!(matches!(rules.mesh(&substrate()), Err(Error::Size { .. })));
        assert!(MeshRules::new(3e9).mesh(&[]).is_err());
    }
}
