//! Physical quantities and the names files give them.
//!
//! Standard names are those of the CF standard name table; short names those of
//! the ECMWF parameter database and of common model output.

use std::fmt;

/// Standard gravity, m s-2 (3rd CGPM 1901): geopotential = g0 x geopotential height.
pub const STANDARD_GRAVITY: f64 = 9.806_65;

/// A quantity with its names, SI unit and, for some, another quantity it
/// follows from by a factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// CF standard names, the usual one first.
    pub standard_names: &'static [&'static str],
    /// Names of the variable in files.
    pub short_names: &'static [&'static str],
    /// The unit readers convert to.
    pub units: &'static str,
    /// `(standard names, short names, unit, factor)` of a quantity that times
    /// `factor` is this one.
    pub follows_from: Option<(
        &'static [&'static str],
        &'static [&'static str],
        &'static str,
        f64,
    )>,
}

const fn plain(
    standard_names: &'static [&'static str],
    short_names: &'static [&'static str],
    units: &'static str,
) -> Quantity {
    Quantity {
        standard_names,
        short_names,
        units,
        follows_from: None,
    }
}

const GEOPOTENTIAL_NAMES: (&[&str], &[&str]) = (&["geopotential"], &["z", "geopotential", "phi"]);
const HEIGHT_NAMES: (&[&str], &[&str]) = (
    &["geopotential_height"],
    &["gh", "hgt", "zg", "geopotential_height", "z500", "Z"],
);

/// Eastward wind, m s-1.
pub const EASTWARD_WIND: Quantity = plain(
    &["eastward_wind"],
    &["u", "ua", "u_component_of_wind", "uwnd", "U"],
    "m s-1",
);
/// Northward wind, m s-1.
pub const NORTHWARD_WIND: Quantity = plain(
    &["northward_wind"],
    &["v", "va", "v_component_of_wind", "vwnd", "V"],
    "m s-1",
);
/// Geopotential, m2 s-2; geopotential height is taken times g0.
pub const GEOPOTENTIAL: Quantity = Quantity {
    standard_names: GEOPOTENTIAL_NAMES.0,
    short_names: GEOPOTENTIAL_NAMES.1,
    units: "m2 s-2",
    follows_from: Some((HEIGHT_NAMES.0, HEIGHT_NAMES.1, "m", STANDARD_GRAVITY)),
};
/// Geopotential height, m; geopotential is taken over g0.
pub const GEOPOTENTIAL_HEIGHT: Quantity = Quantity {
    standard_names: HEIGHT_NAMES.0,
    short_names: HEIGHT_NAMES.1,
    units: "m",
    follows_from: Some((
        GEOPOTENTIAL_NAMES.0,
        GEOPOTENTIAL_NAMES.1,
        "m2 s-2",
        1.0 / STANDARD_GRAVITY,
    )),
};
/// Depth of a fluid layer, m (shallow water).
pub const LAYER_THICKNESS: Quantity = plain(
    &[
        "atmosphere_layer_thickness",
        "ocean_layer_thickness",
        "sea_water_layer_thickness",
    ],
    &["h", "thickness", "depth", "height"],
    "m",
);
/// Height of the ground, m; surface geopotential is taken over g0.
pub const OROGRAPHY: Quantity = Quantity {
    standard_names: &["surface_altitude"],
    short_names: &["orog", "orography", "hs", "topography", "b"],
    units: "m",
    follows_from: Some((
        &["surface_geopotential"],
        &["zsfc", "geopotential_at_surface", "phis"],
        "m2 s-2",
        1.0 / STANDARD_GRAVITY,
    )),
};
/// Relative vorticity, s-1.
pub const RELATIVE_VORTICITY: Quantity = plain(
    &[
        "atmosphere_relative_vorticity",
        "atmosphere_upward_relative_vorticity",
    ],
    &["vo", "vorticity", "zeta", "vort"],
    "s-1",
);
/// Divergence of the wind, s-1.
pub const DIVERGENCE: Quantity = plain(
    &["divergence_of_wind"],
    &["d", "divergence", "div", "delta"],
    "s-1",
);
/// Air temperature, K.
pub const AIR_TEMPERATURE: Quantity =
    plain(&["air_temperature"], &["t", "ta", "temperature", "T"], "K");
/// Specific humidity, kg kg-1.
pub const SPECIFIC_HUMIDITY: Quantity = plain(
    &["specific_humidity"],
    &["q", "hus", "specific_humidity", "Q"],
    "kg kg-1",
);
/// Pressure at mean sea level, Pa.
pub const MEAN_SEA_LEVEL_PRESSURE: Quantity = plain(
    &[
        "air_pressure_at_mean_sea_level",
        "air_pressure_at_sea_level",
    ],
    &["msl", "psl", "mean_sea_level_pressure", "prmsl"],
    "Pa",
);
/// Share of land of a cell, or whether it is land.
pub const LAND_AREA_FRACTION: Quantity = plain(
    &["land_area_fraction", "land_binary_mask"],
    &["lsm", "land_sea_mask", "sftlf", "landmask", "mask"],
    "1",
);

/// Every quantity above.
pub const ALL: [&Quantity; 12] = [
    &EASTWARD_WIND,
    &NORTHWARD_WIND,
    &GEOPOTENTIAL,
    &GEOPOTENTIAL_HEIGHT,
    &LAYER_THICKNESS,
    &OROGRAPHY,
    &RELATIVE_VORTICITY,
    &DIVERGENCE,
    &AIR_TEMPERATURE,
    &SPECIFIC_HUMIDITY,
    &MEAN_SEA_LEVEL_PRESSURE,
    &LAND_AREA_FRACTION,
];

/// What to look for in a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// Alternatives, tried in order.
    pub(super) candidates: Vec<Candidate>,
}

/// One way to satisfy a query.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Candidate {
    pub standard_names: Vec<String>,
    pub names: Vec<String>,
    /// Unit to read in, before the factor; `None` leaves the file's.
    pub units: Option<String>,
    pub factor: f64,
    /// Unit after the factor.
    pub result_units: Option<String>,
    /// Take the variable's own name before its standard name.
    pub name_first: bool,
}

impl Query {
    /// A variable by the user's name for it: the name in the file, a CF standard
    /// name, or any name of a known [`Quantity`], whose unit is then asked for.
    pub fn named(name: &str) -> Self {
        let own = Candidate {
            standard_names: vec![name.to_string()],
            names: vec![name.to_string()],
            units: None,
            factor: 1.0,
            result_units: None,
            name_first: true,
        };
        let mut query = Self {
            candidates: vec![own],
        };
        if let Some(quantity) = known(name) {
            query.candidates.extend(Self::from(quantity).candidates);
        }
        query
    }

    /// Exactly the variable of this name, no aliases, in its own unit.
    pub fn exactly(name: &str) -> Self {
        Self {
            candidates: vec![Candidate {
                standard_names: vec![],
                names: vec![name.to_string()],
                units: None,
                factor: 1.0,
                result_units: None,
                name_first: true,
            }],
        }
    }

    /// Converts to this unit (in place of the quantity's SI unit).
    pub fn units(mut self, units: &str) -> Self {
        for candidate in self.candidates.iter_mut().filter(|c| c.factor == 1.0) {
            candidate.units = Some(units.to_string());
            candidate.result_units = Some(units.to_string());
        }
        self.candidates
            .retain(|c| c.factor == 1.0 || c.result_units.as_deref() == Some(units));
        self
    }

    /// The SI unit of a known [`Quantity`], by any of its names.
    pub fn si_units(name: &str) -> Option<&'static str> {
        known(name).map(|quantity| quantity.units)
    }
}

fn known(name: &str) -> Option<&'static Quantity> {
    let known = |q: &&&Quantity| q.standard_names.contains(&name) || q.short_names.contains(&name);
    ALL.iter().find(known).copied()
}

impl From<&Quantity> for Query {
    fn from(quantity: &Quantity) -> Self {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let result_units = Some(quantity.units.to_string());
        let mut candidates = vec![Candidate {
            standard_names: owned(quantity.standard_names),
            names: owned(quantity.short_names),
            units: result_units.clone(),
            factor: 1.0,
            result_units: result_units.clone(),
            name_first: false,
        }];
        if let Some((standard_names, names, units, factor)) = quantity.follows_from {
            candidates.push(Candidate {
                standard_names: owned(standard_names),
                names: owned(names),
                units: Some(units.to_string()),
                factor,
                result_units,
                name_first: false,
            });
        }
        Self { candidates }
    }
}

impl From<&str> for Query {
    fn from(name: &str) -> Self {
        Self::named(name)
    }
}

impl From<&Query> for Query {
    fn from(query: &Query) -> Self {
        query.clone()
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<&str> = Vec::new();
        for candidate in &self.candidates {
            for name in candidate.names.iter().chain(&candidate.standard_names) {
                if !names.contains(&name.as_str()) {
                    names.push(name);
                }
            }
        }
        let quoted: Vec<String> = names.iter().map(|n| format!("'{n}'")).collect();
        match quoted.as_slice() {
            [one] => f.write_str(one),
            many => write!(f, "named {}", many.join(" or ")),
        }
    }
}
