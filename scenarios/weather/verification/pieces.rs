//! The work of a verification in pieces: a variable at a level, lead by lead, leads and times side by side.

use super::checkpoint::{Checkpoint, Kept};
use super::inputs::{Files, Inputs, Matched};
use super::samples::{Extras, Sample, Scorer, Scratch, Spectra, WindScorer};
use super::truths::Times;
use crate::error::Result;
use crate::weather::scores::fractions::Windows;
use crate::weather::scores::spectrum::SpectrumPlan;
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::ops::Range;

/// Fields that are worked on between two looks at the checkpoint.
const BATCH: usize = 64;

/// All that is known of one lead of a piece.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct LeadScores {
    /// One for each initial time that has a truth, in their order.
    pub samples: Vec<Sample>,
    /// Power by scale, where it is asked for.
    pub spectra: Option<Spectra>,
}

/// What is scored in one go.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// A variable at a level: its place among the inputs' variables.
    Field(usize),
    /// Both components of the wind, for its energy.
    Wind(usize, usize),
}

/// The pieces of a verification, in order.
pub(super) fn pieces(files: &Files, inputs: &Inputs) -> Vec<Piece> {
    let all = &inputs.variables;
    let mut pieces: Vec<Piece> = (0..all.len()).map(Piece::Field).collect();
    if files.spectra {
        let is = |v: &Matched, standard: &str, short: &str| match &v.standard_name {
            Some(name) => name == standard,
            None => v.name == short,
        };
        for (u, east) in all.iter().enumerate() {
            let partner = |v: &Matched| {
                is(v, "northward_wind", "v") && v.level == east.level && v.units == east.units
            };
            if is(east, "eastward_wind", "u")
                && let Some(v) = all.iter().position(partner)
            {
                pieces.push(Piece::Wind(u, v));
            }
        }
    }
    pieces
}

/// The name of a piece in tables.
pub(super) fn label(piece: &Piece, inputs: &Inputs) -> String {
    match piece {
        Piece::Field(v) => inputs.variables[*v].label.clone(),
        Piece::Wind(u, _) => {
            let level = inputs.variables[*u].level;
            format!(
                "kinetic_energy{}",
                level.map_or(String::new(), |hpa| hpa.to_string())
            )
        }
    }
}

enum Open<'f> {
    Field(Box<Scorer<'f>>),
    Wind(Box<WindScorer<'f>>),
}

type Found = Option<(Sample, Option<Spectra>)>;

impl Open<'_> {
    /// Leads and times that are best read together.
    fn block(&self) -> Option<(usize, usize)> {
        match self {
            Self::Field(scorer) => scorer.block(),
            Self::Wind(_) => None,
        }
    }

    fn prefetch(&mut self, leads: Range<usize>, times: Range<usize>) -> Result<()> {
        match self {
            Self::Field(scorer) => scorer.prefetch(leads, times),
            Self::Wind(_) => Ok(()),
        }
    }

    fn sample(&self, lead: usize, time: usize, scratch: &mut Scratch) -> Result<Found> {
        match self {
            Self::Field(scorer) => scorer.sample(lead, time, scratch),
            Self::Wind(scorer) => {
                let spectra = scorer.sample(lead, time)?;
                let sample = |time| Sample {
                    time,
                    ..Sample::default()
                };
                Ok(spectra.map(|spectra| (sample(time), Some(spectra))))
            }
        }
    }
}

/// Scores all leads of all pieces, `[piece][lead]`; what a checkpoint has is not made again.
pub(super) fn score(
    files: &Files,
    inputs: &Inputs,
    plan: Option<&SpectrumPlan>,
    (mut checkpoint, kept): (Option<&mut Checkpoint>, Vec<Kept>),
    progress: &ProgressBar,
) -> Result<Vec<Vec<LeadScores>>> {
    let leads = inputs.forecast.leads_hours();
    let times = inputs.forecast.initial_times().len();
    let pieces = pieces(files, inputs);
    let mut done: HashMap<(usize, usize), LeadScores> = kept
        .into_iter()
        .map(|kept| ((kept.piece, kept.lead), kept.scores))
        .collect();
    progress.set_length((pieces.len() * leads.len() * times) as u64);
    let true_times = Times::new(&inputs.truth);
    let sizes: &[_] = match files.neighbourhoods.as_slice() {
        [] => &[crate::weather::scores::fractions::Neighbourhood::Points(1)],
        some => some,
    };
    let windows: Vec<Windows> = match files.thresholds.is_empty() {
        true => Vec::new(),
        false => sizes
            .iter()
            .map(|size| Windows::new(*size, inputs.forecast.grid(), files.weights))
            .collect(),
    };
    let open = |v: usize| {
        let variable = &inputs.variables[v];
        let meant = |t: &&_| {
            let t: &crate::weather::scores::fractions::Threshold = t;
            t.is_for(&variable.name, &variable.label)
        };
        let extras = Extras {
            thresholds: files.thresholds.iter().filter(meant).collect(),
            windows: &windows,
            spectra: plan,
        };
        Scorer::open(inputs, variable, &true_times, extras)
    };
    let mut all = Vec::with_capacity(pieces.len());
    for (number, piece) in pieces.iter().enumerate() {
        let mut open = match (piece, plan) {
            (Piece::Wind(u, v), Some(plan)) => {
                Open::Wind(Box::new(WindScorer::new(open(*u)?, open(*v)?, plan)))
            }
            (Piece::Field(v) | Piece::Wind(v, _), _) => Open::Field(Box::new(open(*v)?)),
        };
        // at lead 0 a single forecast is its own truth, an ensemble has a spread
        let scored = |k: &usize| leads[*k] > 0.0 || inputs.members.len() > 1;
        let (skipped, wanted): (Vec<usize>, Vec<usize>) =
            (0..leads.len()).partition(|k| !scored(k) || done.contains_key(&(number, *k)));
        progress.inc((skipped.len() * times) as u64);
        let block = open.block();
        let batches: Vec<&[usize]> = match block {
            Some((together, _)) => wanted
                .chunk_by(|a, b| a / together == b / together)
                .collect(),
            None => wanted.chunks(BATCH.div_ceil(times.max(1))).collect(),
        };
        for batch in batches {
            let mut scores = vec![LeadScores::default(); batch.len()];
            let step = block.map_or(times, |(_, together)| together).max(1);
            for first in (0..times).step_by(step) {
                let part = first..(first + step).min(times);
                if let (Some(_), Some(from), Some(to)) = (block, batch.first(), batch.last()) {
                    open.prefetch(*from..to + 1, part.clone())?;
                }
                let open = &open;
                let pairs: Vec<(usize, usize)> = (0..batch.len())
                    .flat_map(|k| part.clone().map(move |time| (k, time)))
                    .collect();
                let found = pairs
                    .par_iter()
                    .map_init(Scratch::default, |scratch, (k, time)| {
                        let found = open.sample(batch[*k], *time, scratch);
                        progress.inc(1);
                        found
                    })
                    .collect::<Result<Vec<Found>>>()?;
                for ((k, _), found) in pairs.iter().zip(found) {
                    let Some((sample, spectra)) = found else {
                        continue;
                    };
                    if let Some(spectra) = spectra {
                        scores[*k].spectra.get_or_insert_default().add(&spectra);
                    }
                    scores[*k].samples.push(sample);
                }
            }
            for (lead, scores) in batch.iter().zip(scores) {
                if let Some(checkpoint) = &mut checkpoint {
                    checkpoint.keep(Kept {
                        piece: number,
                        lead: *lead,
                        scores: scores.clone(),
                    })?;
                }
                done.insert((number, *lead), scores);
            }
        }
        let lead = |k: usize| done.remove(&(number, k)).unwrap_or_default();
        all.push((0..leads.len()).map(lead).collect());
    }
    progress.finish_and_clear();
    Ok(all)
}
