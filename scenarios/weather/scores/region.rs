//! Parts of the globe that scores are averaged over: named, boxes, land or sea, and one of these within
//! another (`tropics/sea`).

use std::fmt;
use std::str::FromStr;

/// What a point must be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Surface {
    Land,
    Sea,
}

/// A box of latitudes and longitudes with its name, or what of it is land or sea.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    name: String,
    /// South and north in degrees.
    latitudes: [f64; 2],
    /// West and east in degrees; beyond 360 they go round.
    longitudes: Option<[f64; 2]>,
    surface: Option<Surface>,
}

/// The regions that have names, as the WMO and WeatherBench cut them.
const NAMED: [(&str, [f64; 2]); 4] = [
    ("globe", [-90.0, 90.0]),
    ("northern_hemisphere", [20.0, 90.0]),
    ("southern_hemisphere", [-90.0, -20.0]),
    ("tropics", [-20.0, 20.0]),
];

impl Region {
    /// The whole globe.
    pub fn globe() -> Self {
        Self {
            name: "globe".into(),
            latitudes: [-90.0, 90.0],
            longitudes: None,
            surface: None,
        }
    }

    /// Whether it needs to know which points are land.
    pub fn needs_mask(&self) -> bool {
        self.surface.is_some()
    }

    /// Whether a point with this share of land belongs to it, wherever it is; half or more is land.
    pub fn takes_surface(&self, land: Option<f64>) -> bool {
        match (self.surface, land) {
            (None, _) => true,
            (Some(Surface::Land), Some(share)) => share >= 0.5,
            (Some(Surface::Sea), Some(share)) => share < 0.5,
            (Some(_), None) => false,
        }
    }

    /// Its name in tables.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a place in degrees lies in it, its edges included.
    pub fn contains(&self, latitude: f64, longitude: f64) -> bool {
        let slack = 1e-9;
        let [south, north] = self.latitudes;
        let within = latitude >= south - slack && latitude <= north + slack;
        within
            && self.longitudes.is_none_or(|[west, east]| {
                let from_west = (longitude - west + slack).rem_euclid(360.0);
                from_west <= east - west + 2.0 * slack
            })
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl FromStr for Region {
    type Err = String;

    /// A name, or `SOUTH:NORTH,WEST:EAST` in degrees: `35:70,-10:40`; `land`, `sea`, or `/land` and `/sea`
    /// behind any of these.
    fn from_str(text: &str) -> Result<Self, String> {
        let surfaces = [("land", Surface::Land), ("sea", Surface::Sea)];
        for (name, surface) in surfaces {
            let within = match text.strip_suffix(name) {
                Some("") => Some("globe"),
                Some(within) => within.strip_suffix('/'),
                None => None,
            };
            if let Some(within) = within {
                let region: Self = within.parse()?;
                return match region.surface {
                    Some(_) => Err(format!("`{text}`: expected land or sea once")),
                    None => Ok(Self {
                        name: text.into(),
                        surface: Some(surface),
                        ..region
                    }),
                };
            }
        }
        if let Some((name, latitudes)) = NAMED.iter().find(|(name, _)| *name == text) {
            return Ok(Self {
                name: (*name).into(),
                latitudes: *latitudes,
                longitudes: None,
                surface: None,
            });
        }
        let names: Vec<&str> = NAMED.iter().map(|(name, _)| *name).collect();
        let wrong = || {
            format!(
                "`{text}` is no region: expected {}, land, sea, or SOUTH:NORTH,WEST:EAST in degrees, such as 35:70,-10:40, alone or followed by /land or /sea",
                names.join(", ")
            )
        };
        let range = |text: &str| -> Result<[f64; 2], String> {
            let (low, high) = text.split_once(':').ok_or_else(wrong)?;
            let number = |t: &str| t.trim().parse::<f64>().map_err(|_| wrong());
            Ok([number(low)?, number(high)?])
        };
        let (latitudes, longitudes) = text.split_once(',').ok_or_else(wrong)?;
        let (latitudes, longitudes) = (range(latitudes)?, range(longitudes)?);
        let [south, north] = latitudes;
        let [west, mut east] = longitudes;
        if !(south < north && south >= -90.0 && north <= 90.0) {
            return Err(format!(
                "`{text}`: expected latitudes from south to north within -90 to 90"
            ));
        }
        if east < west {
            east += 360.0;
        }
        if !(west < east && east - west <= 360.0) {
            return Err(format!(
                "`{text}`: expected longitudes from west to east, at most once round"
            ));
        }
        Ok(Self {
            name: text.into(),
            latitudes,
            longitudes: Some([west, east]),
            surface: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_go_round_the_date_line() {
        let europe: Region = "35:70,-10:40".parse().expect("region");
        assert!(europe.contains(50.0, 355.0) && europe.contains(35.0, 40.0));
        assert!(!europe.contains(50.0, 300.0) && !europe.contains(71.0, 10.0));
        let pacific: Region = "-20:20,150:-120".parse().expect("region");
        assert!(pacific.contains(0.0, 180.0) && pacific.contains(0.0, 240.0));
        assert!(!pacific.contains(0.0, 250.0) && !pacific.contains(0.0, 0.0));
        let tropics: Region = "tropics".parse().expect("region");
        assert!(tropics.contains(-20.0, 77.0) && !tropics.contains(20.1, 0.0));
        let sea: Region = "-20:20,150:-120/sea".parse().expect("region");
        assert!(sea.needs_mask() && sea.contains(0.0, 180.0) && !sea.contains(0.0, 0.0));
        assert!(sea.takes_surface(Some(0.4)) && !sea.takes_surface(Some(0.5)));
        assert!(!sea.takes_surface(None) && tropics.takes_surface(None));
        for bad in [
            "tropic",
            "land/sea",
            "island",
            "tropics/lake",
            "70:35,0:10",
            "1:2",
            "a:b,1:2",
            "0:10,0:400",
        ] {
            assert!(bad.parse::<Region>().is_err(), "{bad}");
        }
    }
}
