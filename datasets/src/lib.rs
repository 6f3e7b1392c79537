//! Files and samples of Curlwind.
//!
//! | module | what |
//! |---|---|
//! | [`netcdf`] | CF NetCDF in (any dimension order, packing, calendar, unit) and out (WeatherBench forecast layout) |
//! | [`series`] | analyses in many NetCDF files as one series of states, inputs derived from place and time |
//! | [`store`] | training trajectories in HDF5: written as they are generated, resumed, read in windows; splits and statistics |
//! | [`field`], [`coordinates`] | arrays with named dimensions, coordinates and units |
//! | [`calendar`], [`units`] | CF times and units |
//! | [`interpolate`] | bilinear and bicubic interpolation on the sphere, across the poles |
//! | [`samples`] | training pairs of fields on a rectangle in HDF5: written as they are generated, resumed |
//! | [`arrays`], [`array_file`] | plain HDF5 arrays by name, in and out |
//! | [`simulations`] | other people's simulations: the HDF5 layouts of PDEBench and The Well, arrays of inputs and outputs |
//! | [`touchstone`] | scattering parameters in Touchstone files, both ways |
//! | [`design_table`] | sweeps of designs from any solver: Touchstone folders, CSV, HDF5 |
//! | [`inspect`] | what a file holds |
//!
//! Latitude-longitude fields leave every reader **north to south, longitudes
//! ascending from 0 to 360**, row-major `[latitude][longitude]`, in SI units.
//!
//! ```no_run
//! use curlwind_datasets::netcdf::{quantity, Reader, Selection};
//!
//! let file = Reader::open("era5.nc")?;
//! let z = file.read_lat_lon(&quantity::GEOPOTENTIAL, &Selection::new().level_hpa(500.0))?;
//! println!("{} x {} {}", z.grid.nlat(), z.grid.nlon(), z.grid.shape());
//! # Ok::<(), curlwind_datasets::Error>(())
//! ```
#![warn(missing_docs)]
#![deny(unsafe_code)]

pub mod array_file;
pub mod arrays;
pub mod calendar;
pub mod coordinates;
pub mod design_table;
mod disk;
mod error;
pub mod field;
pub mod inspect;
pub mod interpolate;
pub mod netcdf;
pub mod samples;
pub mod series;
pub mod simulations;
mod sniff;
pub mod store;
pub mod touchstone;
pub mod units;

pub use error::{Error, Result};
