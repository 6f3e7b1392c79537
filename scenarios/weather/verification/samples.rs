//! One variable at one lead and initial time: everything that is scored of it.

use super::inputs::{Inputs, Matched};
use super::numbers::Numbers;
use super::truths::{Fields, Times, microseconds, north_to_south};
use crate::error::{Error, Result};
use crate::weather::scores::fractions::{Events, Threshold, Windows};
use crate::weather::scores::moments::{self, Sums, Workspace};
use crate::weather::scores::spectrum::SpectrumPlan;
use curlwind_datasets::netcdf::{ForecastReader, Real, SlabReader};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

/// Places of the models in a sample.
pub(super) const FORECAST: usize = 0;
pub(super) const BASELINE: usize = 1;
pub(super) const PERSISTENCE: usize = 2;
pub(super) const CLIMATOLOGY: usize = 3;
/// How many.
pub(super) const MODELS: usize = 4;

/// Places of the scores of a model in a region, of one time.
pub(super) const SHARE: usize = 0;
pub(super) const SQUARE: usize = 1;
pub(super) const ABSOLUTE: usize = 2;
pub(super) const BIAS: usize = 3;
pub(super) const CORRELATION: usize = 4;
pub(super) const CRPS: usize = 5;
pub(super) const CRPS_FAIR: usize = 6;
pub(super) const VARIANCE: usize = 7;
/// The first rank; there are none of a single forecast.
pub(super) const RANKS: usize = 8;

/// The scores of one initial time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Sample {
    /// Which initial time.
    pub time: usize,
    /// Of each model in each region; none of a model that is not there.
    pub models: Vec<Vec<Numbers>>,
    /// Of each model in each region three sums for each event, threshold by threshold.
    pub fractions: Vec<Vec<Numbers>>,
}

/// Spectra of forecast and truth, summed over times.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Spectra {
    /// How many times.
    pub times: usize,
    pub forecast: Numbers,
    pub truth: Numbers,
}

impl Spectra {
    pub fn add(&mut self, other: &Self) {
        if self.times == 0 {
            *self = other.clone();
            return;
        }
        self.times += other.times;
        let add = |to: &mut Numbers, from: &Numbers| {
            to.0.iter_mut().zip(&from.0).for_each(|(a, b)| *a += b);
        };
        add(&mut self.forecast, &other.forecast);
        add(&mut self.truth, &other.truth);
    }
}

/// What scores of a variable are made of, besides its values.
pub(super) struct Extras<'e> {
    pub thresholds: Vec<&'e Threshold>,
    pub windows: &'e [Windows],
    pub spectra: Option<&'e SpectrumPlan>,
}

/// A forecast with its members.
struct Ensemble<'f> {
    reader: SlabReader<'f>,
    members: Vec<usize>,
    times: Times,
    /// Leads and times that were read together, where the file's chunks hold several.
    block: Option<Block>,
}

/// All members of some leads and times, `[lead][time][member][row][longitude]`.
struct Block {
    leads: Range<usize>,
    times: Range<usize>,
    members: Range<usize>,
    single: Vec<f32>,
    double: Vec<f64>,
}

/// Bytes of a block; one that would be larger is read in parts.
const BLOCK_BYTES: usize = 256 << 20;

/// The vector of a block that holds a type.
trait InBlock: Real {
    fn of(block: &Block) -> &[Self];
}

impl InBlock for f32 {
    fn of(block: &Block) -> &[Self] {
        &block.single
    }
}

impl InBlock for f64 {
    fn of(block: &Block) -> &[Self] {
        &block.double
    }
}

impl<'f> Ensemble<'f> {
    fn new(reader: SlabReader<'f>, members: Vec<usize>, file: &ForecastReader) -> Self {
        Self {
            reader,
            members,
            times: Times::new(file),
            block: None,
        }
    }

    /// The members' fields, from the block where they are in it.
    fn read<T: InBlock>(&self, lead: usize, time: usize, values: &mut Vec<T>) -> Result<()> {
        let held = self.block.as_ref().filter(|block| {
            block.leads.contains(&lead) && block.times.contains(&time) && !T::of(block).is_empty()
        });
        let Some(block) = held else {
            let read = self.reader.read(lead, time, &self.members, values);
            return read.map_err(Error::unusable);
        };
        let fields = block.leads.len() * block.times.len() * block.members.len();
        let size = T::of(block).len() / fields;
        let at = (lead - block.leads.start) * block.times.len() + time - block.times.start;
        let first = at * block.members.len();
        values.clear();
        for member in &self.members {
            let field = first + member - block.members.start;
            values.extend_from_slice(&T::of(block)[field * size..(field + 1) * size]);
        }
        Ok(())
    }

    /// From the first to the last member that is scored.
    fn span(&self) -> Range<usize> {
        let first = self.members.iter().min().copied().unwrap_or(0);
        let last = self.members.iter().max().copied().unwrap_or(0);
        first..last + 1
    }
}

/// Buffers of one thread.
#[derive(Default)]
pub(super) struct Scratch {
    single: Typed<f32>,
    double: Typed<f64>,
    /// For one field, such as persistence.
    field: Option<Workspace<f64>>,
}

struct Typed<T> {
    values: Vec<T>,
    space: Option<(usize, Workspace<T>)>,
}

impl<T> Default for Typed<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            space: None,
        }
    }
}

/// The climatological mean: one field, or one for each time.
struct Climate<'f> {
    fields: Fields<'f>,
    times: Times,
    single: bool,
}

impl Climate<'_> {
    /// The field at an initial time and a lead, by the valid time where there are several.
    fn read(&self, initial: i64, lead: i64) -> Result<Option<Arc<Vec<f64>>>> {
        let place = match self.single {
            true => Some((0, 0)),
            false => self.times.truth(initial, lead),
        };
        place.map(|(k, t)| self.fields.read(k, t)).transpose()
    }
}

/// A variable in all the files.
pub(super) struct Scorer<'f> {
    inputs: &'f Inputs,
    forecast: Ensemble<'f>,
    baseline: Option<Ensemble<'f>>,
    truth: Fields<'f>,
    true_times: &'f Times,
    /// The forecast's own first field, which persists where it is a single one.
    start: Option<(usize, Fields<'f>)>,
    climate: Option<Climate<'f>>,
    rows: Vec<usize>,
    extras: Extras<'f>,
}

impl<'f> Scorer<'f> {
    pub fn open(
        inputs: &'f Inputs,
        variable: &Matched,
        true_times: &'f Times,
        extras: Extras<'f>,
    ) -> Result<Self> {
        let slabs = |file: &'f ForecastReader, name: &str| inputs.slabs(file, name, variable);
        let reader = slabs(&inputs.forecast, &variable.name)?;
        let forecast = Ensemble::new(reader, inputs.members.clone(), &inputs.forecast);
        let baseline = match (&inputs.baseline, &variable.baseline) {
            (Some(file), Some(name)) => {
                let all = (0..file.members()).collect();
                Some(Ensemble::new(slabs(file, name)?, all, file))
            }
            _ => None,
        };
        let climate = match (&inputs.climatology, &variable.climatology) {
            (Some(file), Some(name)) => Some(Climate {
                fields: Fields::new(slabs(file, name)?, 0),
                times: Times::new(file),
                single: file.leads_hours().len() * file.initial_times().len() == 1,
            }),
            _ => None,
        };
        let leads = inputs.forecast.leads_hours();
        let start = match leads.iter().position(|lead| *lead == 0.0) {
            Some(k) if inputs.members.len() == 1 => {
                let reader = slabs(&inputs.forecast, &variable.name)?;
                Some((k, Fields::new(reader, inputs.members[0])))
            }
            _ => None,
        };
        Ok(Self {
            inputs,
            forecast,
            baseline,
            truth: Fields::new(slabs(&inputs.truth, &variable.truth)?, inputs.truth_member),
            true_times,
            start,
            climate,
            rows: (0..inputs.forecast.grid().nlat()).collect(),
            extras,
        })
    }

    /// Leads and times that are best read together, as many as there is room for; `None` where one after
    /// the other is as good.
    pub fn block(&self) -> Option<(usize, usize)> {
        let (mut leads, mut times) = self.forecast.reader.block();
        let grid = self.inputs.forecast.grid();
        let size = if self.forecast.reader.single() { 4 } else { 8 };
        let each = self.forecast.span().len() * grid.nlat() * grid.nlon() * size;
        while leads * times > 1 && leads * times * each > BLOCK_BYTES {
            if times > 1 {
                times = times.div_ceil(2);
            } else {
                leads = leads.div_ceil(2);
            }
        }
        (leads * times > 1).then_some((leads, times))
    }

    /// Reads leads and times together, for the samples that follow.
    pub fn prefetch(&mut self, leads: Range<usize>, times: Range<usize>) -> Result<()> {
        let members = self.forecast.span();
        let (mut single, mut double) = match self.forecast.block.take() {
            Some(block) => (block.single, block.double),
            None => (Vec::new(), Vec::new()),
        };
        let reader = &self.forecast.reader;
        let (l, t, m) = (leads.clone(), times.clone(), members.clone());
        let read = match reader.single() {
            true => reader.read_block(l, t, m, &mut single),
            false => reader.read_block(l, t, m, &mut double),
        };
        read.map_err(Error::unusable)?;
        self.forecast.block = Some(Block {
            leads,
            times,
            members,
            single,
            double,
        });
        Ok(())
    }

    /// The scores of lead `lead` of initial time `time`; none without a truth.
    pub fn sample(
        &self,
        lead: usize,
        time: usize,
        scratch: &mut Scratch,
    ) -> Result<Option<(Sample, Option<Spectra>)>> {
        let (initial, after) = self.moment(lead, time);
        let Some((k, t)) = self.true_times.truth(initial, after) else {
            return Ok(None);
        };
        let truth = self.truth.read(k, t)?;
        let persistence = match &self.start {
            // the truth itself
            _ if after <= 0 => None,
            Some((start, fields)) => Some(fields.read(*start, time)?),
            None => match self.true_times.truth(initial, 0) {
                Some((k, t)) => Some(self.truth.read(k, t)?),
                None => None,
            },
        };
        let climate = match &self.climate {
            Some(climate) => climate.read(initial, after)?,
            None => None,
        };
        let mut sample = Sample {
            time,
            models: vec![Vec::new(); MODELS],
            fractions: Vec::new(),
        };
        let wanted = !self.extras.thresholds.is_empty() || self.extras.spectra.is_some();
        let mut fields = vec![Vec::new(); MODELS];
        let fields_of_time = (truth.as_slice(), climate.as_ref().map(|c| c.as_slice()));
        let at = |ensemble: &Ensemble| ensemble.times.forecast(initial, after);
        let ensembles = [Some(&self.forecast), self.baseline.as_ref()];
        for (model, ensemble) in ensembles.into_iter().enumerate() {
            let Some((ensemble, at)) = ensemble.and_then(|e| Some((e, at(e)?))) else {
                continue;
            };
            let kept = wanted.then_some(&mut fields[model]);
            sample.models[model] = match ensemble.reader.single() {
                true => self.ensemble(ensemble, at, fields_of_time, &mut scratch.single, kept)?,
                false => self.ensemble(ensemble, at, fields_of_time, &mut scratch.double, kept)?,
            };
        }
        let single = [
            (PERSISTENCE, persistence.as_deref()),
            (CLIMATOLOGY, climate.as_deref()),
        ];
        for (model, field) in single {
            let Some(field) = field else { continue };
            let width = self.inputs.forecast.grid().nlon();
            let space = scratch
                .field
                .get_or_insert_with(|| Workspace::new(width, 1));
            let climate = climate.as_ref().map(|c| c.as_slice());
            let climate = climate.filter(|_| model != CLIMATOLOGY);
            let sums = space.moments(field, &self.rows, &truth, climate, &self.inputs.cells);
            sample.models[model] = sums.iter().map(|sums| numbers(sums, 1)).collect();
            if wanted && model == PERSISTENCE {
                fields[model] = vec![field.clone()];
            }
        }
        if !self.extras.thresholds.is_empty() {
            let of = |members: &Vec<Vec<f64>>| self.fractions(members, &truth);
            sample.fractions = fields.iter().map(of).collect();
        }
        let plan = self.extras.spectra;
        let spectra = plan.map(|plan| self.spectra(plan, &fields[FORECAST], &truth));
        Ok(Some((sample, spectra)))
    }

    /// Initial time and lead in microseconds.
    fn moment(&self, lead: usize, time: usize) -> (i64, i64) {
        let file = &self.inputs.forecast;
        let initial = file.initial_times()[time].microseconds(file.calendar());
        (initial, microseconds(file.leads_hours()[lead]))
    }

    /// All members of a forecast; they are kept, north to south, where somebody asks for them.
    fn ensemble<T: InBlock>(
        &self,
        ensemble: &Ensemble,
        (lead, time): (usize, usize),
        (truth, climate): (&[f64], Option<&[f64]>),
        scratch: &mut Typed<T>,
        kept: Option<&mut Vec<Vec<f64>>>,
    ) -> Result<Vec<Numbers>> {
        let members = ensemble.members.len();
        let width = self.inputs.forecast.grid().nlon();
        let values = &mut scratch.values;
        ensemble.read(lead, time, values)?;
        if scratch.space.as_ref().is_none_or(|(m, _)| *m != members) {
            scratch.space = Some((members, Workspace::new(width, members)));
        }
        let Some((_, space)) = &mut scratch.space else {
            return Ok(Vec::new());
        };
        let rows = ensemble.reader.rows();
        let sums = space.moments(values, rows, truth, climate, &self.inputs.cells);
        if let Some(kept) = kept {
            *kept = values
                .chunks_exact(truth.len())
                .map(|field| north_to_south(field.iter().map(|x| (*x).into()).collect(), rows))
                .collect();
        }
        Ok(sums.iter().map(|sums| numbers(sums, members)).collect())
    }

    /// The sums of each event in each region.
    fn fractions(&self, members: &[Vec<f64>], truth: &[f64]) -> Vec<Numbers> {
        if members.is_empty() {
            return Vec::new();
        }
        let mut regions = vec![Numbers::default(); self.inputs.cells.len()];
        for threshold in &self.extras.thresholds {
            for windows in self.extras.windows {
                let events = Events { threshold, windows };
                let found = events.compare(members, truth, &self.inputs.cells);
                for (region, sums) in regions.iter_mut().zip(found) {
                    region
                        .0
                        .extend([sums.difference, sums.reference, sums.frequency]);
                }
            }
        }
        regions
    }

    /// Power by scale of members, on average, and truth.
    fn spectra(&self, plan: &SpectrumPlan, members: &[Vec<f64>], truth: &[f64]) -> Spectra {
        let grid = self.inputs.forecast.grid();
        spectra(
            (grid.nlat(), grid.nlon()),
            members.len(),
            &[members],
            &[truth],
            |fields| plan.variance(fields[0]),
        )
    }
}

/// Wind in all the files: the kinetic energy of both components.
pub(super) struct WindScorer<'f> {
    parts: [Scorer<'f>; 2],
    plan: &'f SpectrumPlan,
}

impl<'f> WindScorer<'f> {
    pub fn new(u: Scorer<'f>, v: Scorer<'f>, plan: &'f SpectrumPlan) -> Self {
        Self {
            parts: [u, v],
            plan,
        }
    }

    /// The spectra of lead `lead` of initial time `time`; none without a truth.
    pub fn sample(&self, lead: usize, time: usize) -> Result<Option<Spectra>> {
        let [u, v] = &self.parts;
        let (initial, after) = u.moment(lead, time);
        let Some((k, t)) = u.true_times.truth(initial, after) else {
            return Ok(None);
        };
        let truth = [u.truth.read(k, t)?, v.truth.read(k, t)?];
        let members = &u.forecast.members;
        let read = |part: &Scorer| -> Result<Vec<Vec<f64>>> {
            let mut values = Vec::new();
            let reader = &part.forecast.reader;
            reader
                .read(lead, time, members, &mut values)
                .map_err(Error::unusable)?;
            let size = values.len() / members.len();
            let field = |field: &[f64]| north_to_south(field.to_vec(), reader.rows());
            Ok(values.chunks_exact(size).map(field).collect())
        };
        let forecast = [read(u)?, read(v)?];
        let grid = u.inputs.forecast.grid();
        let found = spectra(
            (grid.nlat(), grid.nlon()),
            members.len(),
            &[&forecast[0], &forecast[1]],
            &[&truth[0], &truth[1]],
            |fields| self.plan.kinetic_energy(fields[0], fields[1]),
        );
        Ok(Some(found))
    }
}

/// Spectra of one time: the members' on average, and the truth's. Fields with a gap have none.
fn spectra(
    shape: (usize, usize),
    members: usize,
    forecast: &[&[Vec<f64>]],
    truth: &[&[f64]],
    of: impl Fn(&[ArrayView2<f64>]) -> Vec<f64>,
) -> Spectra {
    let one = |fields: &[&[f64]]| -> Option<Vec<f64>> {
        let whole = fields.iter().all(|f| f.iter().all(|x| x.is_finite()));
        let views = fields.iter().map(|f| ArrayView2::from_shape(shape, f).ok());
        whole
            .then(|| views.collect::<Option<Vec<_>>>().map(|v| of(&v)))
            .flatten()
    };
    let Some(truth) = one(truth) else {
        return Spectra::default();
    };
    let mut mean = vec![0.0; truth.len()];
    for member in 0..members {
        let fields: Vec<&[f64]> = forecast.iter().map(|f| f[member].as_slice()).collect();
        let power = one(&fields).unwrap_or_else(|| vec![f64::NAN; truth.len()]);
        let share = 1.0 / members as f64;
        mean.iter_mut()
            .zip(power)
            .for_each(|(m, p)| *m += share * p);
    }
    Spectra {
        times: 1,
        forecast: Numbers(mean),
        truth: Numbers(truth),
    }
}

/// The scores that a region's sums make.
fn numbers(sums: &Sums, members: usize) -> Numbers {
    let s = &sums.moments;
    let share = s[moments::VALID];
    let mut found = vec![f64::NAN; RANKS];
    found[SHARE] = share;
    found[SQUARE] = s[moments::SQUARE] / share;
    found[ABSOLUTE] = s[moments::ABSOLUTE] / share;
    found[BIAS] = s[moments::ERROR] / share;
    found[CORRELATION] = correlation(s);
    if members < 2 {
        // of one member it is the absolute error
        found[CRPS] = found[ABSOLUTE];
        return Numbers(found);
    }
    let m = members as f64;
    let (distance, pairs) = (s[moments::DISTANCE] / share, s[moments::PAIRS] / share);
    found[CRPS] = distance / m - pairs / (m * m);
    found[CRPS_FAIR] = distance / m - pairs / (m * (m - 1.0));
    found[VARIANCE] = s[moments::SPREAD] / share / (m - 1.0);
    found.extend(sums.ranks.iter().map(|rank| rank / share));
    Numbers(found)
}

/// Centred anomaly correlation; NaN when either anomaly vanishes but for rounding.
fn correlation(s: &[f64; moments::COUNT]) -> f64 {
    let known = s[moments::KNOWN];
    let mean = |moment: usize| s[moment] / known;
    let (f, o) = (mean(moments::FORECAST), mean(moments::TRUTH));
    let variance = |square: usize, mean: f64| {
        let square = s[square] / known;
        let variance = square - mean * mean;
        if variance <= 1e-13 * square {
            f64::NAN
        } else {
            variance
        }
    };
    let (vf, vo) = (
        variance(moments::FORECAST_SQUARE, f),
        variance(moments::TRUTH_SQUARE, o),
    );
    (mean(moments::PRODUCT) - f * o) / (vf * vo).sqrt()
}
