//! Analyses brought into a training store: once, resumable, a block of states at a time.
//!
//! The store keeps states as they are read in training, side by side and in single precision, so that
//! a window is one read however many files, packings and dimension orders the analyses came in.

use super::settings::{DataSettings, Missing};
use crate::error::{Error, Result};
use crate::weather::shallow_water::carried;
use curlwind_datasets::calendar::{Calendar, DateTime};
use curlwind_datasets::coordinates::LatLon;
use curlwind_datasets::series::{Bounds, Channel, Series, Timeline, Wanted, expand};
use curlwind_datasets::store::{self, Grid, Layout, Store, StoreWriter};
use indicatif::ProgressBar;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Values in a block of the store, 16 MB.
const BLOCK: usize = 1 << 22;

/// States of a series in a store: of each member all times, one member after the other.
pub struct Ingested {
    store: Store,
    timeline: Timeline,
    members: usize,
    channels: Vec<Channel>,
    grid: LatLon,
}

/// The series that settings ask for.
///
/// # Errors
/// As [`expand`] and [`Series::open`].
pub fn series(settings: &DataSettings, files: &[PathBuf]) -> Result<Series> {
    let wanted: Vec<Wanted> = settings
        .variables
        .iter()
        .map(|variable| Wanted {
            name: variable.name.clone(),
            levels_hpa: variable.levels.iter().map(|l| l.si() / 100.0).collect(),
            units: variable.units.clone(),
        })
        .collect();
    let bounds = settings.region.map(|region| Bounds {
        latitudes: region.latitudes,
        longitudes: region.longitudes,
    });
    let step = settings.step.map(|step| (step.si() * 1e6).round() as i64);
    Series::open(files, &wanted, step, bounds.as_ref()).map_err(Error::unusable)
}

/// The files that settings name, from the working folder; `input` receives a carried one.
///
/// # Errors
/// A pattern that finds nothing.
pub fn files(settings: &DataSettings, input: &Path) -> Result<Vec<PathBuf>> {
    if settings.files.is_empty() {
        return Ok(vec![carried::ENSEMBLE.write_into(input)?]);
    }
    expand(&settings.files, Path::new("")).map_err(Error::unusable)
}

/// Brings the analyses into a store in `folder`, or what of them is not there yet.
///
/// # Errors
/// Files that cannot be used; missing values where they are refused; a full disk.
pub fn ingest(
    settings: &DataSettings,
    files: &[PathBuf],
    folder: &Path,
    progress: &ProgressBar,
) -> Result<Ingested> {
    let series = series(settings, files)?;
    let layout = layout(settings, &series, files)?;
    let writer = StoreWriter::create_or_resume(folder, &layout)
        .map_err(Error::unusable)?
        // the last block is seldom full
        .with_missing();
    let missing = writer.missing();
    progress.set_length(layout.trajectories as u64);
    progress.set_position((layout.trajectories - missing.len()) as u64);
    let times = series.timeline().len();
    let mut buffer = vec![0.0f32; layout.steps * layout.state_len()];
    for block in missing {
        buffer.fill(f32::NAN);
        let states =
            block * layout.steps..((block + 1) * layout.steps).min(times * series.members());
        let mut start = states.start;
        while start < states.end {
            let (member, time) = (start / times, start % times);
            let count = (states.end - start).min(times - time);
            let at = (start - states.start) * layout.state_len();
            let out = &mut buffer[at..at + count * layout.state_len()];
            series
                .read(member, time..time + count, out)
                .map_err(Error::unusable)?;
            if settings.missing == Missing::Refuse {
                refuse_missing(&series, time, out)?;
            }
            start += count;
        }
        writer.write(block, &buffer).map_err(Error::failed)?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    drop(writer);
    Ingested::open(folder)
}

fn layout(settings: &DataSettings, series: &Series, files: &[PathBuf]) -> Result<Layout> {
    let states = series.timeline().len() * series.members();
    let steps = (BLOCK / series.state_len()).clamp(4, 1024).min(states);
    // a file that was written again is another
    let stamps: Vec<_> = files
        .iter()
        .map(|file| {
            let about = std::fs::metadata(file).ok();
            let written = about.as_ref().and_then(|a| a.modified().ok());
            (file.display().to_string(), about.map(|a| a.len()), written)
        })
        .collect();
    let attributes = BTreeMap::from([
        ("timeline".to_string(), json(series.timeline())?),
        ("members".to_string(), series.members().to_string()),
        ("series_channels".to_string(), json(&series.channels())?),
        ("missing".to_string(), format!("{:?}", settings.missing)),
    ]);
    let grid = series.grid();
    Ok(Layout {
        trajectories: states.div_ceil(steps),
        steps,
        channels: series
            .channels()
            .iter()
            .map(|channel| store::Channel {
                name: channel.label(),
                units: channel.units.clone(),
            })
            .collect(),
        grid: Grid::LatLon {
            latitudes_deg: grid.latitudes_deg.clone(),
            longitudes_deg: grid.longitudes_deg.clone(),
        },
        time_step_seconds: series.timeline().step() as f64 * 1e-6,
        fingerprint: store::fingerprint(&(settings, stamps)).map_err(Error::failed)?,
        attributes,
    })
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::failed)
}

fn refuse_missing(series: &Series, time: usize, states: &[f32]) -> Result<()> {
    let Some(at) = states.iter().position(|v| !v.is_finite()) else {
        return Ok(());
    };
    let grid = series.grid();
    let points = grid.nlat() * grid.nlon();
    let (state, rest) = (at / series.state_len(), at % series.state_len());
    let (channel, point) = (rest / points, rest % points);
    let when = series.timeline().date(time + state);
    Err(Error::unusable(format!(
        "{} has no value at {}, latitude {}, longitude {}; `data.missing = \"mask\"` leaves out places \
         that have none and fills single gaps",
        series.channels()[channel].label(),
        when.map_or("?".into(), |t| t.to_string()),
        grid.latitudes_deg[point / grid.nlon()],
        grid.longitudes_deg[point % grid.nlon()]
    )))
}

impl Ingested {
    /// Opens a store made by [`ingest`].
    ///
    /// # Errors
    /// A folder that is none, or not complete.
    pub fn open(folder: &Path) -> Result<Self> {
        let store = Store::open(folder).map_err(Error::unusable)?;
        let refuse = |what: &str| {
            let folder = folder.display();
            Error::unusable(format!("{folder} is no store of analyses: {what}"))
        };
        let layout = store.layout();
        if store.complete().len() < layout.trajectories {
            return Err(refuse(
                "it is not complete; `generate --resume` goes on with it",
            ));
        }
        let text = |name: &str| {
            layout
                .attributes
                .get(name)
                .ok_or_else(|| refuse("it was generated by a solver"))
        };
        let timeline =
            serde_json::from_str(text("timeline")?).map_err(|e| refuse(&e.to_string()))?;
        let channels =
            serde_json::from_str(text("series_channels")?).map_err(|e| refuse(&e.to_string()))?;
        let members = text("members")?.parse().map_err(|_| refuse("members"))?;
        let Grid::LatLon {
            latitudes_deg,
            longitudes_deg,
        } = &layout.grid
        else {
            return Err(refuse("its grid is no grid of latitudes and longitudes"));
        };
        let grid =
            LatLon::new(latitudes_deg.clone(), longitudes_deg.clone()).map_err(Error::unusable)?;
        Ok(Self {
            timeline,
            members,
            channels,
            grid,
            store,
        })
    }

    /// When there are states.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Members at each time.
    pub fn members(&self) -> usize {
        self.members
    }

    /// Fields of a state.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// Where the values are.
    pub fn grid(&self) -> &LatLon {
        &self.grid
    }

    /// The calendar of the times.
    pub fn calendar(&self) -> Calendar {
        self.timeline.calendar()
    }

    /// Seconds between states.
    pub fn step(&self) -> f64 {
        self.timeline.step() as f64 * 1e-6
    }

    /// Points of the grid.
    pub fn points(&self) -> usize {
        self.grid.nlat() * self.grid.nlon()
    }

    /// Channels, latitudes and longitudes of a state.
    pub fn state_shape(&self) -> [usize; 3] {
        [self.channels.len(), self.grid.nlat(), self.grid.nlon()]
    }

    /// Values of a state.
    pub fn state_len(&self) -> usize {
        self.channels.len() * self.points()
    }

    /// The date of a state.
    pub fn date(&self, state: usize) -> Option<DateTime> {
        self.timeline.date(state % self.timeline.len().max(1))
    }

    /// The same times of every member, as states.
    pub fn of_all_members(&self, times: &[Range<usize>]) -> Vec<Range<usize>> {
        let count = self.timeline.len();
        let member = |m: usize| {
            times
                .iter()
                .map(move |t| m * count + t.start..m * count + t.end)
        };
        (0..self.members).flat_map(member).collect()
    }

    /// Reads states into `out` `[state][channel][latitude][longitude]`.
    ///
    /// # Errors
    /// A range or buffer that does not fit; a damaged file.
    pub fn read(&self, states: Range<usize>, out: &mut [f32]) -> Result<()> {
        let (block, size) = (self.store.layout().steps, self.state_len());
        let mut start = states.start;
        let mut left = out;
        while start < states.end {
            let count = (states.end - start).min(block - start % block);
            let (now, later) = left.split_at_mut((count * size).min(left.len()));
            self.store
                .read_window(start / block, start % block, count, now)
                .map_err(Error::failed)?;
            left = later;
            start += count;
        }
        Ok(())
    }

    /// Reads one state.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn state(&self, state: usize) -> Result<Vec<f32>> {
        let mut values = vec![0.0; self.state_len()];
        self.read(state..state + 1, &mut values)?;
        Ok(values)
    }
}
