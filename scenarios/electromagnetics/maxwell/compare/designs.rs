//! Designs that everyone is asked for, and the meshes that they are solved on.

use crate::compare::{Relation, TestSet};
use crate::config::Metres;
use crate::electromagnetics::maxwell::Loaded;
use crate::electromagnetics::maxwell::assemble::spread;
use crate::electromagnetics::maxwell::scene::{CompareEntry, Monitors, PerAxis};
use crate::electromagnetics::maxwell::sweep::cache::Cache;
use crate::electromagnetics::maxwell::sweep::designs::{Range, latin_hypercube};
use crate::electromagnetics::maxwell::sweep::queue::Solved;
use crate::error::Result;
use indicatif::ProgressBar;

/// Cells of the thinnest absorbing layer that a coarse mesh is given.
const LEAST_ABSORBING: usize = 5;

/// What differs from a scene in how it is solved.
#[derive(Clone, Copy, Debug)]
pub struct Mesh {
    /// Cells are so many times smaller.
    pub finer: f64,
    /// Frequencies in the band; the scene's without.
    pub points: Option<usize>,
    /// Whether what is radiated is recorded as well.
    pub far_field: bool,
}

impl Mesh {
    /// The scene on a mesh of so many times smaller cells.
    pub fn finer(finer: f64) -> Self {
        Self {
            finer,
            points: None,
            far_field: false,
        }
    }
}

/// A design on a mesh, `(parameter, "58 mm")`; nothing but the ports is recorded, and the far field if
/// asked for.
///
/// # Errors
/// A design that the scene refuses.
pub fn refined(loaded: &Loaded, design: &[(String, String)], mesh: Mesh) -> Result<Loaded> {
    let mut found = loaded.with_parameters(design)?;
    let scene = &mut found.scene;
    let smaller = |length: Metres| Metres::from_si(length.si() / mesh.finer);
    scene.mesh.cells_per_wavelength *= mesh.finer;
    for cell in [&mut scene.mesh.largest_cell, &mut scene.mesh.smallest_cell] {
        *cell = cell.map(smaller);
    }
    for region in &mut scene.mesh.regions {
        region.cell = PerAxis::Each(region.cell.xyz().map(smaller));
    }
    if mesh.finer < 1.0 {
        // a mesh that errs more need not absorb better than that: most of a small mesh is its layer
        let layer = &mut scene.boundaries.absorbing_cells;
        let thinner = (*layer as f64 * mesh.finer.sqrt()).ceil() as usize;
        *layer = thinner.max(LEAST_ABSORBING).min(*layer);
    }
    if let Some(points) = mesh.points {
        scene.frequency.points = points;
    }
    let far_field = scene.monitors.far_field.take().filter(|_| mesh.far_field);
    scene.monitors = Monitors {
        far_field,
        ..Monitors::default()
    };
    Ok(found)
}

/// A design from the run's folder, or solved and kept there; one that fails is none. Its values are left
/// out.
///
/// # Errors
/// When the solution cannot be kept.
pub fn solve_kept(
    loaded: &Loaded,
    design: &[(String, String)],
    mesh: Mesh,
    cache: &Cache,
) -> Result<Solved> {
    let of = |key: String, result, cached| Solved {
        values: Vec::new(),
        key,
        result,
        cached,
    };
    let scene = match refined(loaded, design, mesh) {
        Ok(scene) => scene,
        Err(error) => return Ok(of(String::new(), Err(error.to_string()), false)),
    };
    let key = Cache::key(&scene);
    if let Some(solution) = cache.get(&key) {
        return Ok(of(key, Ok(solution), true));
    }
    let result = scene.solve(&ProgressBar::hidden());
    if let Ok(solution) = &result {
        cache.put(&key, &scene.name, solution, design)?;
    }
    Ok(of(key, result.map_err(|e| e.to_string()), false))
}

/// A set with its designs.
pub struct Set {
    /// Its name, relation and size.
    pub about: TestSet,
    /// Values of the variables in SI units, for each design.
    pub designs: Vec<Vec<f64>>,
    /// Frequencies in Hz.
    pub frequencies: Vec<f64>,
    /// Whether these are others than the scene's.
    pub denser: bool,
}

impl Set {
    /// The mesh of a solver for this set.
    pub fn mesh(&self, finer: f64) -> Mesh {
        Mesh {
            points: self.denser.then_some(self.frequencies.len()),
            ..Mesh::finer(finer)
        }
    }
}

/// Designs in the ranges of the sweep, beyond them, and at other frequencies.
///
/// # Errors
/// A design beyond the ranges that the scene refuses.
pub fn sets(loaded: &Loaded, c: &CompareEntry, ranges: &[Range]) -> Result<Vec<Set>> {
    let half = c.samples.div_ceil(2);
    // other streams of the seed than the sweep's own designs and its candidates
    let seed = loaded.scene.seed;
    let held_out = latin_hypercube(ranges, c.samples, seed ^ 0x007e_57ed);
    let beyond = beyond(ranges, half, c.beyond, seed ^ 0x000b_ead0);
    let band = loaded.scene.frequency;
    let at = |count| spread(band.from.si(), band.to.si(), count);
    let mut sets = Vec::new();
    let mut add = |name: String, relation, designs: Vec<Vec<f64>>, points: usize| {
        sets.push(Set {
            about: TestSet {
                name,
                relation,
                samples: designs.len(),
            },
            designs,
            frequencies: at(points),
            denser: points != band.points,
        });
    };
    let some = held_out[..half.min(held_out.len())].to_vec();
    add("held out".into(), Relation::HeldOut, held_out, band.points);
    let share = 100.0 * c.beyond;
    add(
        format!("a dimension beyond the sweep by up to {share:.0} % of its range"),
        Relation::OutOfDistribution,
        beyond,
        band.points,
    );
    if band.points > 1 {
        let points = 2 * band.points - 1;
        add(
            format!("{points} frequencies"),
            Relation::OffResolution,
            some,
            points,
        );
    }
    Ok(sets)
}

/// Designs of which one variable after the other lies above its range, by a quarter of `share` at least.
fn beyond(ranges: &[Range], count: usize, share: f64, seed: u64) -> Vec<Vec<f64>> {
    let mut designs = latin_hypercube(ranges, count, seed);
    for (n, design) in designs.iter_mut().enumerate() {
        let variable = n % ranges.len();
        let range = &ranges[variable];
        let within = (design[variable] - range.low) / (range.high - range.low);
        design[variable] = range.at(1.0 + share * (0.25 + 0.75 * within));
    }
    designs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::electromagnetics::maxwell::sweep::designs::Unit;

    #[test]
    fn one_dimension_of_each_design_is_beyond() {
        let range = |low, high| Range {
            name: "x".into(),
            unit: Unit::Metre,
            low,
            high,
        };
        let ranges = [range(1.0, 2.0), range(10.0, 30.0)];
        for (n, design) in beyond(&ranges, 6, 0.2, 3).iter().enumerate() {
            for (v, range) in ranges.iter().enumerate() {
                let share = (design[v] - range.low) / (range.high - range.low);
                match v == n % 2 {
                    true => assert!((1.05..=1.2).contains(&share), "{share}"),
                    false => assert!((0.0..=1.0).contains(&share), "{share}"),
                }
            }
        }
    }
}
