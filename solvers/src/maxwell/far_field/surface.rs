//! Planes on which E and H are transformed as the run goes, paired so that the scheme's own
//! Poynting theorem holds.
//!
//! The flux through the plane of line i is taken from E on the plane and H half a cell before or
//! behind it, each with the phase of its own time and place:
//!
//! ```text
//! P = 1/2 Re sum (E_b H_c* - E_c H_b*) dA
//! ```
//!
//! Summing the scheme's curls by parts shows that this and no average is what is conserved: in a
//! lossless region what enters leaves to rounding, on any mesh, and what a source delivers,
//! -1/2 Re E.J*, comes out.

use crate::maxwell::{Axis, Component, Engine, FieldRegion, Model, Wall};
use crate::{Error, Result};
use num_complex::Complex64;
use std::ops::Range;

/// First and last line of an extent along each axis; `None` where it goes through the whole mesh.
pub(super) type Lines = [Option<[usize; 2]>; 3];

/// A plane of paired E and H.
#[derive(Clone, Debug)]
pub(super) struct Plane {
    pub axis: Axis,
    /// Position of E and of H along the axis in m.
    pub positions: [f64; 2],
    /// The two pairs: E along `next` with H along `previous`, E along `previous` with H along
    /// `next`.
    pub pairs: [Pair; 2],
}

/// One component of E with the component of H across it.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub electric: Component,
    pub magnetic: Component,
    /// Numbers of their regions in the model.
    pub regions: [usize; 2],
    /// Positions in m and lengths in m along the component's own axis (edges) and the third one
    /// (lines): the values are at all pairs of these, each on the product of the lengths.
    pub along: (Vec<f64>, Vec<f64>),
    pub across: (Vec<f64>, Vec<f64>),
}

/// Spectra of a pair, `[frequency][across][along]`.
pub(super) struct PairSpectra {
    pub electric: Vec<Vec<Vec<Complex64>>>,
    pub magnetic: Vec<Vec<Vec<Complex64>>>,
}

impl Plane {
    /// Adds the four regions of a plane to the model. `behind` takes H from behind the plane, as
    /// on the far faces of a box.
    pub fn install(
        model: &mut Model,
        axis: Axis,
        line: usize,
        behind: bool,
        lines: &Lines,
        frequencies: &[f64],
        interval: usize,
    ) -> Result<Self> {
        let x = model.mesh.lines(axis);
        let cells = x.len() - 1;
        let (least, most) = if behind { (0, cells - 1) } else { (1, cells) };
        if !(least..=most).contains(&line) {
            return Err(Error::Size {
                what: "line of a plane of flux",
                expected: format!("{least} to {most} along {axis:?}"),
                found: line,
            });
        }
        let cell = if behind { line } else { line - 1 };
        let positions = [x[line], 0.5 * (x[cell] + x[cell + 1])];
        let mut install = |own: Axis, third: Axis| -> Result<Pair> {
            let along = edges(model, own, lines)?;
            let across = nodes(model, third, lines)?;
            let electric = Component::electric(own);
            let magnetic = Component::magnetic(third);
            let mut ranges: [Range<usize>; 3] = [0..0, 0..0, 0..0];
            ranges[own as usize] = along.0;
            ranges[third as usize] = across.0;
            let mut add = |component, index| {
                ranges[axis as usize] = index..index + 1;
                model.regions.push(FieldRegion {
                    component,
                    ranges: ranges.clone(),
                    frequencies: frequencies.to_vec(),
                    interval,
                });
                model.regions.len() - 1
            };
            Ok(Pair {
                electric,
                magnetic,
                regions: [add(electric, line), add(magnetic, cell)],
                along: along.1,
                across: across.1,
            })
        };
        Ok(Self {
            axis,
            positions,
            pairs: [
                install(axis.next(), axis.previous())?,
                install(axis.previous(), axis.next())?,
            ],
        })
    }

    /// Flux along the axis per frequency, in J/Hz, of the pairs' spectra.
    pub fn flux(&self, spectra: &[PairSpectra; 2]) -> Vec<f64> {
        let mut sum = vec![0.0; spectra[0].electric.len()];
        for ((pair, values), sign) in self.pairs.iter().zip(spectra).zip([1.0, -1.0]) {
            for (f, total) in sum.iter_mut().enumerate() {
                for (c, width) in pair.across.1.iter().enumerate() {
                    for (b, length) in pair.along.1.iter().enumerate() {
                        let power = values.electric[f][c][b] * values.magnetic[f][c][b].conj();
                        *total += 0.5 * sign * power.re * width * length;
                    }
                }
            }
        }
        sum
    }

    /// Spectra of both pairs, from those of the model's regions.
    pub fn spectra(&self, run: &dyn Engine) -> Result<[PairSpectra; 2]> {
        let spectra = |pair: &Pair| -> Result<PairSpectra> {
            let own = pair.electric.axis() as usize;
            let third = pair.magnetic.axis() as usize;
            let sort = |number: usize| -> Result<Vec<Vec<Vec<Complex64>>>> {
                let values = run.spectrum(number)?;
                Ok((0..values.dim().0)
                    .map(|f| {
                        (0..pair.across.0.len())
                            .map(|c| {
                                (0..pair.along.0.len())
                                    .map(|b| {
                                        let mut at = [0; 3];
                                        at[own] = b;
                                        at[third] = c;
                                        values[[f, at[2], at[1], at[0]]]
                                    })
                                    .collect()
                            })
                            .collect()
                    })
                    .collect())
            };
            Ok(PairSpectra {
                electric: sort(pair.regions[0])?,
                magnetic: sort(pair.regions[1])?,
            })
        };
        Ok([spectra(&self.pairs[0])?, spectra(&self.pairs[1])?])
    }
}

type Extent = (Range<usize>, (Vec<f64>, Vec<f64>));

/// The lines of an extent along an axis.
fn bounds(model: &Model, axis: Axis, lines: &Lines) -> Result<[usize; 2]> {
    let cells = model.mesh.lines(axis).len() - 1;
    let [low, high] = lines[axis as usize].unwrap_or([0, cells]);
    if low >= high || high > cells {
        return Err(Error::Size {
            what: "line of a surface of the far field or the flux",
            expected: format!("two increasing lines from 0 to {cells} along {axis:?}"),
            found: if high > cells { high } else { low },
        });
    }
    Ok([low, high])
}

/// The edges of an extent: indices, and positions with lengths.
fn edges(model: &Model, axis: Axis, lines: &Lines) -> Result<Extent> {
    let [low, high] = bounds(model, axis, lines)?;
    let x = model.mesh.lines(axis);
    let positions = (low..high).map(|i| 0.5 * (x[i] + x[i + 1])).collect();
    let lengths = (low..high).map(|i| x[i + 1] - x[i]).collect();
    Ok((low..high, (positions, lengths)))
}

/// The lines of an extent: indices, and positions with the distances between the centres of the
/// cells beside them.
fn nodes(model: &Model, axis: Axis, lines: &Lines) -> Result<Extent> {
    let [low, high] = bounds(model, axis, lines)?;
    let mut lengths = model.mesh.dual_spacings(axis);
    let mut end = high + 1;
    if lines[axis as usize].is_none() && model.walls[axis as usize][0] == Wall::Periodic {
        // the last line is the first again, with the halves of both
        end = high;
        lengths[0] += lengths[high];
    }
    let positions = model.mesh.lines(axis)[low..end].to_vec();
    Ok((low..end, (positions, lengths[low..end].to_vec())))
}
