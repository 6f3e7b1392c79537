//! What there is to run: built-in scenarios and the user's own files, by the equation they name.

use crate::config::{Document, Source, nearest};
use crate::coordinate;
use crate::electromagnetics::{design_table, maxwell, scattering};
use crate::error::{Error, Result};
use crate::flow;
use crate::weather::{analyses, shallow_water};
use std::path::Path;

/// A scenario that the program carries.
pub struct BuiltIn {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Its file.
    pub text: &'static str,
}

/// A scenario as read.
pub enum Scenario {
    /// Rotating shallow water on the sphere.
    ShallowWater(Box<shallow_water::Loaded>),
    /// Maxwell's equations.
    Maxwell(Box<maxwell::Loaded>),
    /// Maps between fields: Burgers, Darcy, Navier-Stokes, quasi-geostrophic layers.
    Flow(Box<flow::Loaded>),
    /// Designs that another solver made.
    DesignTable(Box<design_table::Loaded>),
    /// A plane wave on bodies in two dimensions.
    Scattering(Box<scattering::Loaded>),
    /// A network that solves an equation from the equation alone.
    Coordinate(Box<coordinate::Loaded>),
    /// NetCDF analyses that a surrogate learns from.
    Analyses(Box<analyses::Loaded>),
}

/// The scenarios that the program carries.
pub fn built_in() -> impl Iterator<Item = &'static BuiltIn> {
    shallow_water::BUILT_IN
        .iter()
        .chain(&analyses::BUILT_IN)
        .chain(&flow::BUILT_IN)
        .chain(&maxwell::BUILT_IN)
        .chain(&scattering::BUILT_IN)
        .chain(&design_table::BUILT_IN)
        .chain(&coordinate::BUILT_IN)
}

/// Reads a built-in scenario or a file, lays a preset of it and the overrides over it, and checks what can be checked
/// before any work.
///
/// # Errors
/// Unknown scenario, unreadable file, unknown equation, unknown key, wrong unit, wrong value: with
/// the place, what was expected and the nearest valid name.
pub fn load(
    name: &str,
    preset: Option<&str>,
    sets: &[String],
    seed: Option<u64>,
) -> Result<Scenario> {
    let source = match built_in().find(|s| s.name == name) {
        Some(scenario) => Source::built_in(scenario.name, scenario.text),
        None if Path::new(name).exists() => Source::file(name),
        None => {
            let names: Vec<&str> = built_in().map(|s| s.name).collect();
            let hint = nearest(name, names.iter().copied())
                .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return Err(Error::unusable(format!(
                "`{name}` is neither a built-in scenario ({}) nor a file{hint}",
                names.join(", ")
            )));
        }
    };
    let mut all = match preset {
        Some(preset) => Document::read(&source, &[])?.preset(preset)?.to_vec(),
        None => Vec::new(),
    };
    all.extend_from_slice(sets);
    let sets = all.as_slice();
    let document = Document::read(&source, sets)?;
    // `antennas/yagi.toml` is called `yagi` in results and file names
    let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str());
    let name = stem.unwrap_or(name);
    match document.text("physics") {
        Some("maxwell") => {
            maxwell::Loaded::read(name, source, sets, seed).map(|l| Scenario::Maxwell(Box::new(l)))
        }
        Some("burgers" | "darcy" | "navier_stokes" | "quasi_geostrophic") => {
            flow::Loaded::read(name, &document, seed).map(|l| Scenario::Flow(Box::new(l)))
        }
        Some("design_table") => design_table::Loaded::read(name, &document, seed)
            .map(|l| Scenario::DesignTable(Box::new(l))),
        Some("scattering") => scattering::Loaded::read(name, &document, seed)
            .map(|l| Scenario::Scattering(Box::new(l))),
        Some("coordinate_network") => coordinate::Loaded::read(name, &document, seed)
            .map(|l| Scenario::Coordinate(Box::new(l))),
        Some("analyses") => {
            analyses::Loaded::read(name, &document, seed).map(|l| Scenario::Analyses(Box::new(l)))
        }
        // The shallow-water reader refuses what it does not know, with the place.
        Some("shallow_water") | None => shallow_water::Loaded::read(name, &document, seed)
            .map(|l| Scenario::ShallowWater(Box::new(l))),
        Some(other) => {
            let known = [
                "analyses",
                "burgers",
                "coordinate_network",
                "darcy",
                "design_table",
                "maxwell",
                "navier_stokes",
                "quasi_geostrophic",
                "scattering",
                "shallow_water",
            ];
            let hint = nearest(other, known)
                .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            let reason = format!("`{other}` is no equation ({}){hint}", known.join(", "));
            Err(document.refuse("physics", reason).into())
        }
    }
}
