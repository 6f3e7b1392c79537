//! Analyses over time: many NetCDF files read as one series of states.
//!
//! Files come in any number and order, each with some of the variables and some of the times. A
//! [`Series`] knows where every state is and reads runs of them without ever holding more than was
//! asked for; units, packing, orientation and levels are those of [`Reader`].

mod derived;
mod files;
mod open;
mod read;
mod timeline;

pub use derived::Derived;
pub use files::expand;
pub use timeline::Timeline;

use crate::coordinates::LatLon;
use crate::netcdf::{Query, Reader};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A variable that states are made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Name in the files, CF standard name or short name.
    pub name: String,
    /// Pressure levels in hPa; none for a variable without levels, or with a single one.
    pub levels_hpa: Vec<f64>,
    /// Unit to convert to; the SI unit of a known quantity, else the file's.
    pub units: Option<String>,
}

/// A box of latitudes and longitudes in degrees; the western edge may lie east of the eastern one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// South and north.
    pub latitudes: [f64; 2],
    /// West and east.
    pub longitudes: [f64; 2],
}

/// One field of a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// Name of the variable in the files.
    pub variable: String,
    /// CF standard name, if the files have one.
    pub standard_name: Option<String>,
    /// What it is in words; empty if the files do not say.
    pub long_name: String,
    /// Pressure level in hPa.
    pub level_hpa: Option<f64>,
    /// Unit of the values.
    pub units: String,
}

impl Channel {
    /// Variable and level: `z500`.
    pub fn label(&self) -> String {
        match self.level_hpa {
            Some(level) => format!("{}{level}", self.variable),
            None => self.variable.clone(),
        }
    }
}

/// States over time in NetCDF files.
#[derive(Debug)]
pub struct Series {
    files: Vec<PathBuf>,
    variables: Vec<Placed>,
    channels: Vec<Channel>,
    /// The grid of the states, a part of the files' grid.
    grid: LatLon,
    cut: Cut,
    members: usize,
    timeline: Timeline,
    partial: usize,
    /// Files opened last, the latest at the back.
    open: Mutex<VecDeque<(usize, Arc<Reader>)>>,
}

/// A variable and where each time of the timeline is.
#[derive(Debug)]
struct Placed {
    query: Query,
    levels_hpa: Vec<Option<f64>>,
    /// For each time: file and index in it.
    places: Vec<(u32, u32)>,
}

/// Rows and columns of the files' grid that states have; columns in the order of the states.
#[derive(Clone, Debug, PartialEq)]
struct Cut {
    rows: std::ops::Range<usize>,
    columns: Vec<usize>,
    whole: [usize; 2],
}

impl Series {
    /// The fields of a state, in order.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// Where the values are.
    pub fn grid(&self) -> &LatLon {
        &self.grid
    }

    /// When there are states.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Members at each time; 1 where files have none.
    pub fn members(&self) -> usize {
        self.members
    }

    /// Times that some variables have and others have not; they are no part of the series.
    pub fn partial_times(&self) -> usize {
        self.partial
    }

    /// The files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(PathBuf::as_path)
    }

    /// Values of a state: channels x latitudes x longitudes.
    pub fn state_len(&self) -> usize {
        self.channels.len() * self.grid.nlat() * self.grid.nlon()
    }
}

#[cfg(test)]
mod tests;
