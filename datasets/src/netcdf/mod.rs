//! CF NetCDF, in and out.
//!
//! * [`Reader`] finds a variable by CF standard name, ERA5 short name or the
//!   name in the file, selects time, level, member and lead, undoes packing and
//!   dimension order, converts the unit and hands back a normalised field.
//! * [`ForecastWriter`] writes a forecast lead by lead in the WeatherBench
//!   layout (or a plain trajectory), restartable; [`ForecastReader`] reads it,
//!   field by field or ([`SlabReader`]) a whole ensemble at a time.

pub(crate) mod attributes;
mod axes;
mod find;
mod forecast;
mod forecast_read;
mod header;
mod packing;
pub mod quantity;
pub(crate) mod read;
mod selection;
mod slabs;
mod tables;
mod wish;
mod write;

pub use forecast::ForecastWriter;
pub use forecast_read::ForecastReader;
pub use header::{Header, Layout, OutputVariable};
pub use quantity::{Quantity, Query};
pub use read::{Description, Reader, VariableSummary};
pub use selection::{Selection, TimePick};
pub use slabs::{Real, SlabReader};
pub use tables::{Along, Attributes, TableDimension, TableVariable, Tables};
