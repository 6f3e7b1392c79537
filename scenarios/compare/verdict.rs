//! Who is faster at equal error, who is more accurate in equal time, and when it pays.

use super::curve::{Curve, Estimate, Point};
use super::measurements::{Kind, Measurements, Outcome, Purpose, Timing, median};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// Resamples that intervals are taken from.
const RESAMPLES: usize = 1000;

/// A number with the interval that 95 of 100 resamples lie in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// Of all measurements.
    pub value: f64,
    /// 2.5th percentile.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
    /// Whether it is a bound, and of which side: the solver was not run any coarser, or finer.
    pub bound: Bound,
}

/// Whether a number is one or bounds one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// It is the number.
    None,
    /// It is that or less.
    AtMost,
    /// It is more.
    Above,
}

impl From<Estimate> for Bound {
    fn from(estimate: Estimate) -> Self {
        match estimate {
            Estimate::Between(_) => Self::None,
            Estimate::AtMost(_) => Self::AtMost,
            Estimate::Above(_) => Self::Above,
        }
    }
}

impl Bound {
    /// What stands before the number.
    pub fn words(self) -> &'static str {
        match self {
            Self::None => "",
            Self::AtMost => "at most ",
            Self::Above => "more than ",
        }
    }
}

/// When the cost of an operator is paid back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "runs")]
pub enum BreakEven {
    /// After so many runs.
    After(f64),
    /// Not before so many runs: the solver's time at equal error is an upper bound.
    NotBefore(f64),
    /// At the latest after so many: the solver's time is a lower bound.
    AtTheLatest(f64),
    /// Never: the operator is no faster.
    Never,
    /// Nobody has counted the cost, or there is no time at equal error.
    Unknown,
}

impl BreakEven {
    /// In words.
    pub fn words(self) -> String {
        match self {
            Self::After(n) => format!("after {} runs", count(n)),
            Self::NotBefore(n) => format!("not before {} runs", count(n)),
            Self::AtTheLatest(n) => format!("after {} runs at the latest", count(n)),
            Self::Never => "never".into(),
            Self::Unknown => "unknown".into(),
        }
    }
}

fn count(n: f64) -> String {
    match n.ceil() {
        n if n >= 1e7 => format!("{n:.1e}"),
        n => {
            let digits = format!("{n:.0}");
            let mut text = String::new();
            for (i, digit) in digits.chars().enumerate() {
                if i > 0 && (digits.len() - i).is_multiple_of(3) {
                    text.push(',');
                }
                text.push(digit);
            }
            text
        }
    }
}

/// The solver and one family of operators.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Duel {
    /// The family, or the name of a published figure.
    pub family: String,
    /// Trainings.
    pub seeds: usize,
    /// Samples, of all seeds, that failed.
    pub failures: usize,
    /// Mean error over seeds and samples; none where a sample failed.
    pub error: Option<f64>,
    /// Standard deviation of the seeds' means.
    pub spread: Option<f64>,
    /// Median seconds of one run alone.
    pub seconds: Option<f64>,
    /// The same in the best batch.
    pub seconds_in_batch: Option<f64>,
    /// Seconds of the solver at the operator's error.
    pub solver_seconds: Option<f64>,
    /// Error of the solver in the operator's time.
    pub solver_error: Option<f64>,
    /// Solver's time over operator's at equal error: above 1 the operator is faster.
    pub equal_error: Option<Ratio>,
    /// Solver's error over operator's in equal time: above 1 the operator is more accurate.
    pub equal_time: Option<Ratio>,
    /// [`Duel::equal_error`] where both may answer many at once.
    pub equal_error_in_batch: Option<Ratio>,
    /// The reference's time over the operator's: what a comparison at unequal error would call it.
    pub against_reference: Option<f64>,
    /// Seconds of data, training and tuning.
    pub invested: Option<f64>,
    /// When that is paid back.
    pub break_even: BreakEven,
    /// The solver's cheapest setting, which is no less accurate than the operator.
    pub beaten_by: Option<String>,
}

/// All duels, and the curve they are fought on.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// One run alone.
    pub curve: Curve,
    /// In the order of the families; published figures last.
    pub duels: Vec<Duel>,
}

/// What a resample draws from.
struct Draw<'m> {
    measurements: &'m Measurements,
    samples: usize,
}

/// Choices of one resample.
struct Chosen {
    samples: Vec<usize>,
    /// Numbers that times and seeds are chosen by.
    rng: ChaCha8Rng,
}

impl Chosen {
    fn mean(&self, outcome: &Outcome) -> Option<f64> {
        let mut sum = 0.0;
        for &sample in &self.samples {
            sum += outcome.errors.get(sample).copied().flatten()?;
        }
        Some(sum / self.samples.len() as f64)
    }

    /// Median of as many times, drawn with replacement.
    fn time(&mut self, seconds: &[f64], batch: usize) -> f64 {
        let drawn: Vec<f64> = (0..seconds.len())
            .map(|_| seconds[self.rng.random_range(0..seconds.len())])
            .collect();
        median(&drawn) / batch as f64
    }
}

impl Draw<'_> {
    fn curve(&self, batched: bool, chosen: &mut Chosen) -> Curve {
        let m = self.measurements;
        let points: Vec<Point> = m
            .of_kind(Kind::Solver)
            .filter_map(|solver| {
                let outcome = m.outcome(&solver.name, m.held_out())?;
                let timing = m.timing(&solver.name, batched)?;
                Some(Point {
                    name: solver.name.clone(),
                    error: chosen.mean(outcome)?,
                    seconds: chosen.time(&timing.seconds, timing.batch),
                })
            })
            .collect();
        Curve::new(points)
    }

    /// Error and seconds of a family, its seeds drawn with replacement.
    fn family(&self, family: &str, batched: bool, chosen: &mut Chosen) -> Option<(f64, f64)> {
        let m = self.measurements;
        let seeds: Vec<&str> = m
            .of_kind(Kind::Operator)
            .filter(|c| c.family == family)
            .map(|c| c.name.as_str())
            .collect();
        let (mut error, mut seconds) = (0.0, Vec::new());
        for _ in &seeds {
            let name = seeds[chosen.rng.random_range(0..seeds.len())];
            error += chosen.mean(m.outcome(name, m.held_out())?)?;
            let timing = m.timing(name, batched)?;
            seconds.push(chosen.time(&timing.seconds, timing.batch));
        }
        Some((error / seeds.len() as f64, median(&seconds)))
    }

    /// The middle 95 per cent of a number over resamples; the same ones for whatever is asked.
    fn interval(&self, mut number: impl FnMut(&mut Chosen) -> Option<f64>) -> [f64; 2] {
        let mut found = Vec::new();
        for resample in 0..RESAMPLES {
            let mut rng = ChaCha8Rng::seed_from_u64(20_240_925);
            rng.set_stream(resample as u64);
            let samples = (0..self.samples)
                .map(|_| rng.random_range(0..self.samples))
                .collect();
            found.extend(number(&mut Chosen { samples, rng }));
        }
        found.sort_by(f64::total_cmp);
        match found.len() {
            0 => [f64::NAN; 2],
            n => [0.025, 0.975].map(|q| found[(q * (n - 1) as f64).round() as usize]),
        }
    }
}

impl Verdict {
    /// Of what was measured.
    pub fn of(measurements: &Measurements) -> Self {
        let m = measurements;
        let curve = |batched: bool| {
            let points = m.of_kind(Kind::Solver).filter_map(|solver| {
                let outcome = m.outcome(&solver.name, m.held_out())?;
                let timing = m.timing(&solver.name, batched)?;
                Some(Point {
                    name: solver.name.clone(),
                    error: outcome.mean()?,
                    seconds: timing.per_sample(),
                })
            });
            Curve::new(points)
        };
        let (alone, batched) = (curve(false), curve(true));
        let mut duels: Vec<Duel> = m
            .families()
            .into_iter()
            .map(|family| duel(m, family, &alone, &batched))
            .collect();
        for published in m.of_kind(Kind::Published) {
            duels.push(from_literature(m, &published.name, &alone));
        }
        Self {
            curve: alone,
            duels,
        }
    }

    /// The duel that is told first: of the family with the smallest error, else the first.
    pub fn leading(&self) -> Option<&Duel> {
        let trained = || self.duels.iter().filter(|d| d.seeds > 0);
        let good = trained().filter(|d| d.error.is_some());
        good.min_by(|a, b| {
            let error = |d: &Duel| d.error.unwrap_or(f64::INFINITY);
            error(a).total_cmp(&error(b))
        })
        .or_else(|| trained().next())
    }
}

/// The median time of the reference for one sample.
fn reference_seconds(m: &Measurements) -> Option<f64> {
    let reference = m.of_kind(Kind::Reference).next()?;
    Some(m.times_of_one(&reference.name)?.per_sample())
}

fn duel(m: &Measurements, family: &str, curve: &Curve, batched: &Curve) -> Duel {
    let set = m.held_out();
    let seeds: Vec<&str> = m
        .of_kind(Kind::Operator)
        .filter(|c| c.family == family)
        .map(|c| c.name.as_str())
        .collect();
    let outcomes: Vec<Option<&Outcome>> = seeds.iter().map(|name| m.outcome(name, set)).collect();
    let failures = outcomes.iter().flatten().map(|o| o.failures()).sum();
    let means: Option<Vec<f64>> = outcomes.iter().map(|o| o.and_then(Outcome::mean)).collect();
    let error = means
        .as_ref()
        .map(|means| means.iter().sum::<f64>() / means.len() as f64);
    let spread = means.as_ref().zip(error).and_then(|(means, error)| {
        let squares: f64 = means.iter().map(|v| (v - error).powi(2)).sum();
        (means.len() > 1).then(|| (squares / (means.len() - 1) as f64).sqrt())
    });
    let timed = |best: bool| -> Option<f64> {
        let times: Option<Vec<f64>> = seeds
            .iter()
            .map(|name| m.timing(name, best).map(Timing::per_sample))
            .collect();
        times.map(|times| median(&times))
    };
    let (seconds, seconds_in_batch) = (timed(false), timed(true));
    let samples = m.sets.first().map_or(0, |set| set.samples);
    let draw = Draw {
        measurements: m,
        samples,
    };
    let at_error = error.and_then(|error| curve.seconds_at(error));
    let at_time = seconds.and_then(|seconds| curve.error_at(seconds));
    let in_batch = error.and_then(|error| batched.seconds_at(error));
    let ratio = |estimate: Option<Estimate>, own: Option<f64>, interval: [f64; 2]| {
        let (estimate, own) = (estimate?, own?);
        Some(Ratio {
            value: estimate.value() / own,
            low: interval[0],
            high: interval[1],
            bound: estimate.into(),
        })
    };
    let equal_error = |batch: bool| {
        draw.interval(|chosen| {
            let curve = draw.curve(batch, chosen);
            let (error, seconds) = draw.family(family, batch, chosen)?;
            Some(curve.seconds_at(error)?.value() / seconds)
        })
    };
    let equal_time = draw.interval(|chosen| {
        let curve = draw.curve(false, chosen);
        let (error, seconds) = draw.family(family, false, chosen)?;
        Some(curve.error_at(seconds)?.value() / error)
    });
    let invested = invested(m, family);
    Duel {
        family: family.into(),
        seeds: seeds.len(),
        failures,
        error,
        spread,
        seconds,
        seconds_in_batch,
        solver_seconds: at_error.map(Estimate::value),
        solver_error: at_time.map(Estimate::value),
        equal_error: ratio(at_error, seconds, equal_error(false)),
        equal_time: ratio(at_time, error, equal_time),
        equal_error_in_batch: ratio(in_batch, seconds_in_batch, equal_error(true)),
        against_reference: reference_seconds(m).zip(seconds).map(|(a, b)| a / b),
        invested,
        break_even: break_even(invested, at_error, seconds),
        beaten_by: error.and_then(|error| beaten_by(curve, error)),
    }
}

/// A figure of the literature against the solver on this machine.
fn from_literature(m: &Measurements, name: &str, curve: &Curve) -> Duel {
    let error = m.outcome(name, m.held_out()).and_then(Outcome::mean);
    let seconds = m.times_of_one(name).map(|t| t.per_sample());
    let at_error = error.and_then(|error| curve.seconds_at(error));
    let at_time = seconds.and_then(|seconds| curve.error_at(seconds));
    let exact = |estimate: Option<Estimate>, own: Option<f64>| {
        let value = estimate?.value() / own?;
        Some(Ratio {
            value,
            low: value,
            high: value,
            bound: estimate?.into(),
        })
    };
    Duel {
        family: name.into(),
        seeds: 0,
        failures: 0,
        error,
        spread: None,
        seconds,
        seconds_in_batch: seconds,
        solver_seconds: at_error.map(Estimate::value),
        solver_error: at_time.map(Estimate::value),
        equal_error: exact(at_error, seconds),
        equal_time: exact(at_time, error),
        equal_error_in_batch: None,
        against_reference: reference_seconds(m).zip(seconds).map(|(a, b)| a / b),
        invested: None,
        break_even: BreakEven::Unknown,
        beaten_by: error.and_then(|error| beaten_by(curve, error)),
    }
}

/// The fastest solver that is no less accurate.
fn beaten_by(curve: &Curve, error: f64) -> Option<String> {
    let point = curve.points().iter().find(|p| p.error <= error)?;
    Some(point.name.clone())
}

/// Data, one training and tuning where that was counted.
fn invested(m: &Measurements, family: &str) -> Option<f64> {
    let of = |purpose: Purpose| {
        m.costs
            .iter()
            .filter(move |c| c.purpose == purpose)
            .filter(|c| c.family.as_deref().is_none_or(|f| f == family))
    };
    let sum = |purpose| -> Option<f64> {
        let all: Vec<f64> = of(purpose).map(|c| c.seconds).collect::<Option<_>>()?;
        (!all.is_empty()).then(|| all.iter().sum())
    };
    let tuning: f64 = of(Purpose::Tuning).filter_map(|c| c.seconds).sum();
    Some(sum(Purpose::Data)? + sum(Purpose::Training)? + tuning)
}

fn break_even(invested: Option<f64>, solver: Option<Estimate>, operator: Option<f64>) -> BreakEven {
    let (Some(invested), Some(solver), Some(operator)) = (invested, solver, operator) else {
        return BreakEven::Unknown;
    };
    let saved = solver.value() - operator;
    let runs = invested / saved;
    match (solver, saved > 0.0) {
        (Estimate::Between(_), true) => BreakEven::After(runs),
        (Estimate::AtMost(_), true) => BreakEven::NotBefore(runs),
        (Estimate::Above(_), true) => BreakEven::AtTheLatest(runs),
        (Estimate::Above(_), false) => BreakEven::Unknown,
        (_, false) => BreakEven::Never,
    }
}
