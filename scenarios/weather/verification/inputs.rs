//! The files of a verification: opened, checked against each other, their variables matched.

use crate::error::{Error, Result};
use crate::weather::scores::fractions::{Neighbourhood, Threshold};
use crate::weather::scores::{Cells, Region, Weights};
use curlwind_datasets::coordinates::LatLon;
use curlwind_datasets::netcdf::quantity::LAND_AREA_FRACTION;
use curlwind_datasets::netcdf::{ForecastReader, Query, Reader, Selection, SlabReader};
use ndarray::Array2;
use std::path::Path;

/// The files of a verification, and what of them is scored how.
#[derive(Clone, Debug)]
pub struct Files<'a> {
    /// The forecast.
    pub forecast: &'a Path,
    /// The truth: forecast layout, or a trajectory over valid time.
    pub truth: &'a Path,
    /// The climatological mean: one field per variable, or one for each valid time.
    pub climatology: Option<&'a Path>,
    /// Another forecast, which the first is compared with.
    pub baseline: Option<&'a Path>,
    /// The share of land of each point.
    pub land_sea_mask: Option<&'a Path>,
    /// Members of the forecast, from 0; all of them without.
    pub members: Option<Vec<usize>>,
    /// The member of the truth that is true.
    pub truth_member: usize,
    /// Where scores are averaged; the globe without any.
    pub regions: Vec<Region>,
    /// How much a point counts.
    pub weights: Weights,
    /// Events of the fractions skill score; none without.
    pub thresholds: Vec<Threshold>,
    /// Its neighbourhoods; a single point without.
    pub neighbourhoods: Vec<Neighbourhood>,
    /// Whether spectra are made.
    pub spectra: bool,
}

impl<'a> Files<'a> {
    /// A forecast and its truth: the globe, by area, no more.
    pub fn new(forecast: &'a Path, truth: &'a Path) -> Self {
        Self {
            forecast,
            truth,
            climatology: None,
            baseline: None,
            land_sea_mask: None,
            members: None,
            truth_member: 0,
            regions: Vec::new(),
            weights: Weights::Area,
            thresholds: Vec::new(),
            neighbourhoods: Vec::new(),
            spectra: false,
        }
    }
}

/// A variable at a level in all the files that have it.
#[derive(Clone, Debug)]
pub(super) struct Matched {
    /// Its name in the forecast,
    pub name: String,
    /// the truth,
    pub truth: String,
    /// the climatology
    pub climatology: Option<String>,
    /// and the baseline.
    pub baseline: Option<String>,
    /// The level in hPa, where it has some.
    pub level: Option<f64>,
    /// Name and level, as scores call it.
    pub label: String,
    /// The truth's unit; everything else is converted to it.
    pub units: Option<String>,
    pub standard_name: Option<String>,
}

/// Everything that is read, fit for each other.
pub(super) struct Inputs {
    pub forecast: ForecastReader,
    pub truth: ForecastReader,
    pub climatology: Option<ForecastReader>,
    pub baseline: Option<ForecastReader>,
    pub members: Vec<usize>,
    pub truth_member: usize,
    pub regions: Vec<Region>,
    pub cells: Vec<Cells>,
    pub variables: Vec<Matched>,
    /// What was left out, in words.
    pub notes: Vec<String>,
}

impl Inputs {
    pub fn open(files: &Files) -> Result<Self> {
        let open = |path: &Path| ForecastReader::open(path).map_err(Error::unusable);
        let forecast = open(files.forecast)?;
        let truth = open(files.truth)?;
        let climatology = files.climatology.map(open).transpose()?;
        let baseline = files.baseline.map(open).transpose()?;
        let (first, grid) = (files.forecast, forecast.grid());
        for other in [Some(&truth), climatology.as_ref(), baseline.as_ref()] {
            let Some(other) = other else { continue };
            same_grid((first, grid), (other.reader().path(), other.grid()))?;
        }
        for other in [Some(&truth), baseline.as_ref()].into_iter().flatten() {
            if other.calendar() != forecast.calendar() {
                return Err(Error::unusable(format!(
                    "calendars differ: {} in {}, {} in {}",
                    forecast.calendar().name(),
                    first.display(),
                    other.calendar().name(),
                    other.reader().path().display()
                )));
            }
        }
        let members = chosen(files, &forecast)?;
        if files.truth_member >= truth.members() {
            return Err(Error::unusable(format!(
                "--truth-member {}: {} has {} (they count from 0)",
                files.truth_member,
                files.truth.display(),
                truth.members()
            )));
        }
        let land = land(files, grid)?;
        let regions = match files.regions.as_slice() {
            [] => vec![Region::globe()],
            some => some.to_vec(),
        };
        let cells = regions
            .iter()
            .map(|region| {
                let mask = land.as_ref().filter(|_| region.needs_mask());
                Cells::new(region, files.weights, grid, mask).ok_or_else(|| {
                    let file = first.display();
                    Error::unusable(format!("--region {region}: no point of {file} lies in it"))
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let mut inputs = Self {
            forecast,
            truth,
            climatology,
            baseline,
            members,
            truth_member: files.truth_member,
            regions,
            cells,
            variables: Vec::new(),
            notes: Vec::new(),
        };
        inputs.match_variables()?;
        for threshold in &files.thresholds {
            let meant = |v: &Matched| threshold.is_for(&v.name, &v.label);
            if !inputs.variables.iter().any(meant) {
                let labels: Vec<&str> = inputs.variables.iter().map(|v| &*v.label).collect();
                return Err(Error::unusable(format!(
                    "--fss-threshold: no variable `{}`; scored are {}",
                    threshold.variable.as_deref().unwrap_or_default(),
                    labels.join(", ")
                )));
            }
        }
        Ok(inputs)
    }

    fn match_variables(&mut self) -> Result<()> {
        for name in self.forecast.variables().to_vec() {
            let Some(truth) = same_variable(&self.forecast, &name, &self.truth) else {
                self.notes.push(format!("{name} is not in the truth"));
                continue;
            };
            let find = |file: &Option<ForecastReader>| {
                file.as_ref()
                    .and_then(|file| same_variable(&self.forecast, &name, file))
            };
            let (climatology, baseline) = (find(&self.climatology), find(&self.baseline));
            let levels = self.forecast.levels_hpa(&name).map_err(Error::unusable)?;
            let levels: Vec<Option<f64>> = match levels.as_slice() {
                [] => vec![None],
                some => some.iter().copied().map(Some).collect(),
            };
            let there = self.truth.levels_hpa(&truth).map_err(Error::unusable)?;
            for level in levels {
                let label = level.map_or(name.clone(), |hpa| format!("{name}{hpa}"));
                let near = |hpa: f64| there.iter().any(|t| (t - hpa).abs() <= 1e-4 * hpa.abs());
                if level.is_some_and(|hpa| !there.is_empty() && !near(hpa)) {
                    self.notes.push(format!("{label} is not in the truth"));
                    continue;
                }
                let summary = |file: &ForecastReader, name: &str| {
                    let all = file.reader().variables();
                    all.into_iter().find(|v| v.name == name)
                };
                let units = |file: &ForecastReader, name: &str| {
                    let units = summary(file, name).and_then(|v| v.units);
                    units.filter(|u| !u.trim().is_empty())
                };
                let true_units = units(&self.truth, &truth);
                if let (None, Some(expected)) = (&true_units, units(&self.forecast, &name)) {
                    return Err(Error::unusable(curlwind_datasets::Error::Units {
                        path: self.truth.reader().path().to_path_buf(),
                        variable: truth,
                        found: "no unit".into(),
                        expected: format!("'{expected}' as in the forecast, or one that converts"),
                    }));
                }
                let matched = Matched {
                    name: name.clone(),
                    truth: truth.clone(),
                    climatology: climatology.clone(),
                    baseline: baseline.clone(),
                    level,
                    label,
                    units: true_units,
                    standard_name: summary(&self.forecast, &name).and_then(|v| v.standard_name),
                };
                // units, levels and dimensions that do not fit are refused before any work
                self.check(&matched)?;
                self.variables.push(matched);
            }
        }
        if self.variables.is_empty() {
            let (ours, theirs) = (self.forecast.variables(), self.truth.variables());
            return Err(Error::unusable(format!(
                "{} and {} have no variable in common, nothing to score: {} against {}",
                self.forecast.reader().path().display(),
                self.truth.reader().path().display(),
                ours.join(", "),
                theirs.join(", ")
            )));
        }
        Ok(())
    }

    fn check(&self, variable: &Matched) -> Result<()> {
        self.slabs(&self.forecast, &variable.name, variable)?;
        if let Some(level) = variable.level {
            // the truth's level may be a scalar, which has to agree
            let there = self
                .truth
                .levels_hpa(&variable.truth)
                .map_err(Error::unusable)?;
            if there.is_empty() {
                self.truth
                    .read_field(&variable.truth, 0, 0, self.truth_member, Some(level))
                    .map_err(Error::unusable)?;
            }
        }
        self.slabs(&self.truth, &variable.truth, variable)?;
        let others = [
            (&self.climatology, &variable.climatology),
            (&self.baseline, &variable.baseline),
        ];
        for (file, name) in others {
            if let (Some(file), Some(name)) = (file, name) {
                self.slabs(file, name, variable)?;
            }
        }
        Ok(())
    }

    /// A variable of one of the files in the truth's unit.
    pub fn slabs<'f>(
        &self,
        file: &'f ForecastReader,
        name: &str,
        variable: &Matched,
    ) -> Result<SlabReader<'f>> {
        // a file without levels is taken at its word: its one level is the one meant
        let levels = file.levels_hpa(name).map_err(Error::unusable)?;
        let level = variable.level.filter(|_| !levels.is_empty());
        file.slabs(name, level, variable.units.as_deref())
            .map_err(Error::unusable)
    }
}

/// The members that are scored.
fn chosen(files: &Files, forecast: &ForecastReader) -> Result<Vec<usize>> {
    let all = forecast.members();
    match &files.members {
        None => Ok((0..all).collect()),
        Some(members) => match members.iter().find(|m| **m >= all) {
            Some(wrong) => Err(Error::unusable(format!(
                "--members: {} has {all} (they count from 0), not number {wrong}",
                files.forecast.display()
            ))),
            None => Ok(members.clone()),
        },
    }
}

/// The variable of another file that is meant: of the same name, else the only one with the same standard
/// name.
fn same_variable(from: &ForecastReader, name: &str, other: &ForecastReader) -> Option<String> {
    if other.variables().iter().any(|v| v == name) {
        return Some(name.into());
    }
    let all = from.reader().variables();
    let standard = all.into_iter().find(|v| v.name == name)?.standard_name?;
    let there = other.reader().variables();
    let mut same = there.into_iter().filter(|v| {
        v.standard_name.as_ref() == Some(&standard) && other.variables().contains(&v.name)
    });
    let one = same.next()?;
    same.next().is_none().then_some(one.name)
}

/// Refuses grids that differ by more than coordinates are rounded.
fn same_grid((ours, a): (&Path, &LatLon), (theirs, b): (&Path, &LatLon)) -> Result<()> {
    let (ours, theirs) = (ours.display(), theirs.display());
    if (a.nlat(), a.nlon()) != (b.nlat(), b.nlon()) {
        return Err(Error::unusable(format!(
            "{ours} is on {} x {} points, {theirs} on {} x {}: expected the same grid; interpolate one of them",
            a.nlat(),
            a.nlon(),
            b.nlat(),
            b.nlon()
        )));
    }
    let parts = [
        ("latitude", &a.latitudes_deg, &b.latitudes_deg),
        ("longitude", &a.longitudes_deg, &b.longitudes_deg),
    ];
    for (name, ours_deg, theirs_deg) in parts {
        let step = match ours_deg.as_slice() {
            [first, second, ..] => (second - first).abs(),
            _ => 1.0,
        };
        let tolerance = (0.01 * step).min(1e-3);
        let pairs = ours_deg.iter().zip(theirs_deg);
        if let Some((k, (x, y))) = pairs
            .enumerate()
            .find(|(_, (x, y))| (*x - *y).abs() > tolerance)
        {
            return Err(Error::unusable(format!(
                "{name} {k} is {x} in {ours} and {y} in {theirs}: expected the same grid; interpolate one of them"
            )));
        }
    }
    Ok(())
}

/// The share of land, where a region asks for it.
fn land(files: &Files, grid: &LatLon) -> Result<Option<Array2<f64>>> {
    let asks = files.regions.iter().find(|region| region.needs_mask());
    let path = match (files.land_sea_mask, asks) {
        (Some(path), _) => path,
        (None, None) => return Ok(None),
        (None, Some(region)) => {
            return Err(Error::unusable(format!(
                "--region {region}: which points are land? Expected --land-sea-mask FILE"
            )));
        }
    };
    let reader = Reader::open(path).map_err(Error::unusable)?;
    let selection = Selection::new().time_index(0);
    let mask = match reader.read_lat_lon(&LAND_AREA_FRACTION, &selection) {
        // ECMWF's own files give the mask the unit `(0 - 1)`
        Err(curlwind_datasets::Error::Units {
            variable, found, ..
        }) if found.contains("(0 - 1)") => {
            reader.read_lat_lon(Query::exactly(&variable), &selection)
        }
        other => other,
    };
    let mask = mask.map_err(Error::unusable)?;
    same_grid((files.forecast, grid), (path, &mask.grid))?;
    if let Some(wrong) = mask
        .values
        .iter()
        .find(|x| !(-1e-6..=1.0 + 1e-6).contains(*x))
    {
        return Err(Error::unusable(format!(
            "{}: '{}' holds {wrong}, expected shares of land from 0 to 1",
            path.display(),
            mask.name
        )));
    }
    Ok(Some(mask.values))
}
