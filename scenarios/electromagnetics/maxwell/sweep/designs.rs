//! The designs of a sweep: values of its variables.

use super::super::Loaded;
use super::super::scene::{Parameter, SweepEntry, SweepMethod, Variable};
use crate::config::{Hertz, Metres, Seconds};
use crate::error::Result;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Unit of a variable, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A pure number.
    One,
    /// A length.
    Metre,
    /// A frequency.
    Hertz,
    /// A time.
    Second,
}

impl Unit {
    /// A value as it is written in a scene: eight digits at most, in the unit of figures.
    pub fn text(self, value: f64) -> String {
        let (factor, unit) = self.shown();
        let shown = value * factor;
        let digits = 7 - shown.abs().log10().floor().clamp(-30.0, 7.0) as i32;
        let text = format!("{shown:.0$}", digits.max(0) as usize);
        let short = match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.'),
            false => &text,
        };
        match unit {
            "" => short.to_string(),
            _ => format!("{short} {unit}"),
        }
    }

    /// The SI unit; empty for a pure number.
    pub fn si(self) -> &'static str {
        match self {
            Self::One => "",
            Self::Metre => "m",
            Self::Hertz => "Hz",
            Self::Second => "s",
        }
    }

    /// Factor from SI and name of the unit used in figures and tables.
    pub fn shown(self) -> (f64, &'static str) {
        match self {
            Self::One => (1.0, ""),
            Self::Metre => (1e3, "mm"),
            Self::Hertz => (1e-9, "GHz"),
            Self::Second => (1e9, "ns"),
        }
    }
}

/// Value in SI units and unit of a parameter.
pub fn measure(parameter: &Parameter) -> Option<(f64, Unit)> {
    match parameter {
        Parameter::Number(value) => Some((*value, Unit::One)),
        Parameter::Quantity(text) => {
            if let Ok(length) = text.parse::<Metres>() {
                return Some((length.si(), Unit::Metre));
            }
            if let Ok(frequency) = text.parse::<Hertz>() {
                return Some((frequency.si(), Unit::Hertz));
            }
            text.parse::<Seconds>()
                .ok()
                .map(|time| (time.si(), Unit::Second))
        }
    }
}

/// A variable's name, unit and range.
#[derive(Clone, Debug)]
pub struct Range {
    /// The parameter.
    pub name: String,
    /// Its unit.
    pub unit: Unit,
    /// Lowest value.
    pub low: f64,
    /// Highest value.
    pub high: f64,
}

impl Range {
    /// The value at a share of the range, rounded to what can be told apart: four digits of the
    /// range.
    pub fn at(&self, share: f64) -> f64 {
        let span = self.high - self.low;
        let grain = 10f64.powf(span.abs().log10().floor() - 4.0);
        let value = self.low + share * span;
        if grain > 0.0 && grain.is_finite() {
            // through the reciprocal, which is a whole power of ten, so that decimals stay short
            let per = (1.0 / grain).round();
            if per > 1.0 {
                (value * per).round() / per
            } else {
                value
            }
        } else {
            value
        }
    }
}

/// What varies and the designs to solve, `[design][variable]` in SI units.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The variables.
    pub ranges: Vec<Range>,
    /// The designs.
    pub designs: Vec<Vec<f64>>,
}

impl Loaded {
    /// What the scene's sweep asks for.
    ///
    /// # Errors
    /// A scene without a sweep, unknown parameters, ranges without ends or of another unit, lists
    /// of different lengths.
    pub fn plan(&self) -> Result<Plan> {
        let Some(sweep) = &self.scene.sweep else {
            return Err(self.refuse(
                "sweep",
                "the scene has no [sweep]; it says which parameters vary and how",
            ));
        };
        if sweep.variables.is_empty() {
            return Err(self.refuse("sweep.variables", "expected one variable or more"));
        }
        let search = sweep.search;
        if search.starts == 0
            || search.evaluations == 0
            || search.tolerance_db.is_nan()
            || search.tolerance_db < 0.0
        {
            return Err(self.refuse(
                "sweep.search",
                "expected one start and one evaluation or more, and a tolerance of 0 or more",
            ));
        }
        let variables = sweep.variables.iter().enumerate();
        let ranges = variables
            .map(|(n, variable)| self.range(n, variable, sweep.method))
            .collect::<Result<Vec<_>>>()?;
        for (n, range) in ranges.iter().enumerate() {
            if ranges[..n].iter().any(|r| r.name == range.name) {
                return Err(self.refuse(
                    &format!("sweep.variables.{n}.parameter"),
                    format!("`{}` varies twice", range.name),
                ));
            }
        }
        let designs = match sweep.method {
            SweepMethod::FullFactorial => self.factorial(sweep, &ranges)?,
            SweepMethod::LatinHypercube => {
                let Some(count) = sweep.designs.filter(|&n| n > 0) else {
                    return Err(self.refuse(
                        "sweep.designs",
                        "a Latin hypercube needs a number of designs",
                    ));
                };
                latin_hypercube(&ranges, count, self.scene.seed)
            }
            SweepMethod::List => self.list(sweep)?,
        };
        Ok(Plan { ranges, designs })
    }

    pub(in super::super) fn check_sweep(&self) -> Result<()> {
        match self.scene.sweep {
            Some(_) => self.plan().map(|_| ()),
            None => Ok(()),
        }
    }

    fn range(&self, n: usize, variable: &Variable, method: SweepMethod) -> Result<Range> {
        let path = |key: &str| format!("sweep.variables.{n}.{key}");
        let name = &variable.parameter;
        let parameters = &self.scene.parameters;
        let Some(current) = parameters.get(name) else {
            let hint = crate::config::nearest(name, parameters.keys().map(String::as_str))
                .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            let known: Vec<&str> = parameters.keys().map(String::as_str).collect();
            return Err(self.refuse(
                &path("parameter"),
                format!(
                    "there is no parameter `{name}` ({}){hint}",
                    known.join(", ")
                ),
            ));
        };
        let unit = measure(current).map_or(Unit::One, |(_, unit)| unit);
        let value = |key: &str, given: &Parameter| match measure(given) {
            Some((value, found)) if found == unit => Ok(value),
            _ => Err(self.refuse(
                &path(key),
                format!("expected a value of the same kind as `parameters.{name}`"),
            )),
        };
        if method == SweepMethod::List {
            let values = variable
                .values
                .iter()
                .map(|v| value("values", v))
                .collect::<Result<Vec<_>>>()?;
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            return Ok(Range {
                name: name.clone(),
                unit,
                low,
                high,
            });
        }
        let (Some(from), Some(to)) = (&variable.from, &variable.to) else {
            return Err(self.refuse(&format!("sweep.variables.{n}"), "expected `from` and `to`"));
        };
        let (low, high) = (value("from", from)?, value("to", to)?);
        if low >= high {
            return Err(self.refuse(&path("to"), "expected a value above `from`"));
        }
        Ok(Range {
            name: name.clone(),
            unit,
            low,
            high,
        })
    }

    fn factorial(&self, sweep: &SweepEntry, ranges: &[Range]) -> Result<Vec<Vec<f64>>> {
        let mut designs = vec![Vec::new()];
        for (n, (variable, range)) in sweep.variables.iter().zip(ranges).enumerate() {
            let Some(points) = variable.points.filter(|&p| p >= 2) else {
                return Err(self.refuse(
                    &format!("sweep.variables.{n}.points"),
                    "a factorial sweep needs two points or more of every variable",
                ));
            };
            designs = designs
                .into_iter()
                .flat_map(|design: Vec<f64>| {
                    (0..points).map(move |p| {
                        let mut longer = design.clone();
                        longer.push(range.at(p as f64 / (points - 1) as f64));
                        longer
                    })
                })
                .collect();
        }
        Ok(designs)
    }

    fn list(&self, sweep: &SweepEntry) -> Result<Vec<Vec<f64>>> {
        let count = sweep.variables[0].values.len();
        for (n, variable) in sweep.variables.iter().enumerate() {
            if variable.values.len() != count || count == 0 {
                return Err(self.refuse(
                    &format!("sweep.variables.{n}.values"),
                    format!(
                        "expected as many values for every variable, one or more; found {}",
                        variable.values.len()
                    ),
                ));
            }
        }
        Ok((0..count)
            .map(|d| {
                let values = sweep.variables.iter().map(|v| &v.values[d]);
                values
                    .filter_map(|v| measure(v).map(|(value, _)| value))
                    .collect()
            })
            .collect())
    }
}

/// Designs of which each variable takes one value in every `1 / count` of its range.
pub fn latin_hypercube(ranges: &[Range], count: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let columns: Vec<Vec<f64>> = ranges
        .iter()
        .map(|range| {
            let mut strata: Vec<usize> = (0..count).collect();
            strata.shuffle(&mut random);
            strata
                .into_iter()
                .map(|s| range.at((s as f64 + random.random::<f64>()) / count as f64))
                .collect()
        })
        .collect();
    (0..count)
        .map(|d| columns.iter().map(|c| c[d]).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(low: f64, high: f64) -> Range {
        Range {
            name: "x".into(),
            unit: Unit::Metre,
            low,
            high,
        }
    }

    #[test]
    fn a_latin_hypercube_fills_every_stratum() {
        let ranges = [range(0.046, 0.072), range(1e-4, 3.5e-4)];
        let designs = latin_hypercube(&ranges, 20, 7);
        for (v, r) in ranges.iter().enumerate() {
            let mut strata: Vec<usize> = designs
                .iter()
                .map(|d| ((d[v] - r.low) / (r.high - r.low) * 20.0 - 1e-6).max(0.0) as usize)
                .collect();
            strata.sort_unstable();
            assert_eq!(strata, (0..20).collect::<Vec<_>>());
        }
        assert_eq!(designs, latin_hypercube(&ranges, 20, 7));
        assert_ne!(designs, latin_hypercube(&ranges, 20, 8));
    }

    #[test]
    fn values_are_written_short() {
        let r = range(0.046, 0.072);
        assert_eq!(Unit::Metre.text(r.at(0.0)), "46 mm");
        assert!(Unit::Metre.text(r.at(0.12345678)).len() < 11);
        assert_eq!(Unit::Metre.text(0.057_682 - 7e-18), "57.682 mm");
        assert_eq!(Unit::Metre.text(2.8097e-4), "0.28097 mm");
        assert_eq!(Unit::Hertz.text(12e9), "12 GHz");
        assert_eq!(Unit::One.text(0.0), "0");
        assert_eq!(Unit::One.text(1000.0), "1000");
    }
}
