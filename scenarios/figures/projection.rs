//! Map projections: the sphere on a sheet.
//!
//! Equal Earth: B. Savric, T. Patterson, B. Jenny, "The Equal Earth map projection",
//! International Journal of Geographical Information Science 33 (2019), equations 2 to 4.
//! With sin(theta) = (sqrt(3)/2) sin(latitude):
//! x = 2 sqrt(3) lambda cos(theta) / (3 (9 A4 t^8 + 7 A3 t^6 + 3 A2 t^2 + A1)),
//! y = A4 t^9 + A3 t^7 + A2 t^3 + A1 t.

use super::Area;

const A1: f64 = 1.340264;
const A2: f64 = -0.081106;
const A3: f64 = 0.000893;
const A4: f64 = 0.003796;

/// How the globe is laid flat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Projection {
    /// Longitude and latitude as they are: every grid point is seen equally large.
    Equirectangular,
    /// Areas in proportion: what a global mean weighs is what the eye sees.
    EqualEarth,
}

/// A part of the globe, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Region {
    /// Western edge; smaller than `east`, which may go beyond 180 or 360.
    pub west: f64,
    /// Eastern edge.
    pub east: f64,
    /// Southern edge.
    pub south: f64,
    /// Northern edge.
    pub north: f64,
}

impl Region {
    /// The whole globe, Greenwich in the middle.
    pub const GLOBE: Self = Self {
        west: -180.0,
        east: 180.0,
        south: -90.0,
        north: 90.0,
    };

    /// Whether it goes around the globe from pole to pole.
    pub fn is_globe(&self) -> bool {
        self.east - self.west >= 359.0 && self.south <= -89.0 && self.north >= 89.0
    }
}

/// A projection onto an area of a figure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sheet {
    projection: Projection,
    region: Region,
    area: Area,
}

impl Sheet {
    /// A region that is not the globe is always equirectangular.
    pub fn new(projection: Projection, region: Region, area: Area) -> Self {
        let projection = if region.is_globe() {
            projection
        } else {
            Projection::Equirectangular
        };
        Self {
            projection,
            region,
            area,
        }
    }

    /// Width over height of a map.
    pub fn aspect(projection: Projection, region: Region) -> f64 {
        match projection {
            Projection::EqualEarth if region.is_globe() => {
                let (x, _) = equal_earth(180.0, 0.0);
                let (_, y) = equal_earth(0.0, 90.0);
                x / y
            }
            _ => {
                let (width, height) = (region.east - region.west, region.north - region.south);
                // A region is stretched so that its middle keeps its shape.
                let middle = 0.5 * (region.south + region.north);
                let stretch = if region.is_globe() {
                    1.0
                } else {
                    middle.to_radians().cos().max(0.2)
                };
                (width * stretch / height).clamp(0.4, 3.0)
            }
        }
    }

    pub fn area(&self) -> Area {
        self.area
    }

    pub fn region(&self) -> Region {
        self.region
    }

    /// Longitude brought into the turn of the globe that has the region in its middle.
    pub fn wrap(&self, longitude: f64) -> f64 {
        let first = 0.5 * (self.region.west + self.region.east) - 180.0;
        first + (longitude - first).rem_euclid(360.0)
    }

    /// Where a point of the globe lies. The longitude is taken as it is, not wrapped.
    pub fn place(&self, longitude: f64, latitude: f64) -> (f64, f64) {
        let Region {
            west,
            east,
            south,
            north,
        } = self.region;
        let (x, y) = match self.projection {
            Projection::Equirectangular => (
                (longitude - west) / (east - west),
                (north - latitude) / (north - south),
            ),
            Projection::EqualEarth => {
                let centre = 0.5 * (west + east);
                let (x, y) = equal_earth(longitude - centre, latitude);
                let (right, _) = equal_earth(180.0, 0.0);
                let (_, top) = equal_earth(0.0, 90.0);
                (0.5 + 0.5 * x / right, 0.5 - 0.5 * y / top)
            }
        };
        (
            self.area.x + x * self.area.width,
            self.area.y + y * self.area.height,
        )
    }

    /// The point of the globe at a place of the sheet, if there is one.
    pub fn globe(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let x = (x - self.area.x) / self.area.width;
        let y = (y - self.area.y) / self.area.height;
        let Region {
            west,
            east,
            south,
            north,
        } = self.region;
        match self.projection {
            Projection::Equirectangular => {
                Some((west + x * (east - west), north - y * (north - south)))
            }
            Projection::EqualEarth => {
                let (right, _) = equal_earth(180.0, 0.0);
                let (_, top) = equal_earth(0.0, 90.0);
                let (longitude, latitude) =
                    equal_earth_inverse((2.0 * x - 1.0) * right, (1.0 - 2.0 * y) * top)?;
                Some((0.5 * (west + east) + longitude, latitude))
            }
        }
    }

    /// The edge of the map.
    pub fn outline(&self) -> Vec<(f64, f64)> {
        let Region {
            west,
            east,
            south,
            north,
        } = self.region;
        let along =
            |from: f64, to: f64| (0..=90).map(move |i| from + (to - from) * f64::from(i) / 90.0);
        let mut chain: Vec<(f64, f64)> = along(south, north)
            .map(|lat| self.place(east, lat))
            .collect();
        chain.extend(along(north, south).map(|lat| self.place(west, lat)));
        chain
    }
}

fn equal_earth(longitude: f64, latitude: f64) -> (f64, f64) {
    let root = 3f64.sqrt();
    let t = (0.5 * root * latitude.to_radians().sin()).asin();
    let (t2, t6) = (t * t, t.powi(6));
    let x = 2.0 * root * longitude.to_radians() * t.cos() / (3.0 * slope(t2, t6));
    (x, t * (A1 + A2 * t2 + t6 * (A3 + A4 * t2)))
}

/// dy/dt = 9 A4 t^8 + 7 A3 t^6 + 3 A2 t^2 + A1.
fn slope(t2: f64, t6: f64) -> f64 {
    A1 + 3.0 * A2 * t2 + t6 * (7.0 * A3 + 9.0 * A4 * t2)
}

/// Newton's method for t, which y follows almost linearly.
fn equal_earth_inverse(x: f64, y: f64) -> Option<(f64, f64)> {
    let mut t = y / A1;
    for _ in 0..12 {
        let (t2, t6) = (t * t, t.powi(6));
        let step = (t * (A1 + A2 * t2 + t6 * (A3 + A4 * t2)) - y) / slope(t2, t6);
        t -= step;
        if step.abs() < 1e-12 {
            break;
        }
    }
    let sine = 2.0 * t.sin() / 3f64.sqrt();
    let longitude =
        (3.0 * x * slope(t * t, t.powi(6)) / (2.0 * 3f64.sqrt() * t.cos())).to_degrees();
    // The outermost pixels of the poles may lie a hair outside.
    (sine.abs() <= 1.0 + 1e-9 && longitude.abs() <= 180.0 + 1e-9)
        .then(|| (longitude, sine.clamp(-1.0, 1.0).asin().to_degrees()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_earth_has_the_published_shape() {
        // The paper: width to height 2.05458, the poles 0.59247 of the equator.
        let aspect = Sheet::aspect(Projection::EqualEarth, Region::GLOBE);
        assert!((aspect - 2.05458).abs() < 1e-4, "{aspect}");
        let pole = equal_earth(180.0, 90.0).0 / equal_earth(180.0, 0.0).0;
        assert!((pole - 0.59247).abs() < 1e-4, "{pole}");
    }

    #[test]
    fn equal_areas() {
        // The share of the map north of 30 degrees is the globe's: a quarter.
        let (mut north, mut all) = (0.0, 0.0);
        let top = equal_earth(0.0, 90.0).1;
        for i in 0..20_000 {
            let y = top * (f64::from(i) + 0.5) / 20_000.0;
            let (_, latitude) = equal_earth_inverse(0.0, y).unwrap();
            let width = equal_earth(180.0, latitude).0;
            all += 2.0 * width;
            north += if latitude > 30.0 { width } else { 0.0 };
        }
        assert!((north / all - 0.25).abs() < 1e-4, "{}", north / all);
    }

    proptest! {
        #[test]
        fn there_and_back(longitude in -179.0f64..179.0, latitude in -89.9f64..89.9) {
            for projection in [Projection::Equirectangular, Projection::EqualEarth] {
                let area = Area::new(10.0, 20.0, 600.0, 300.0);
                let sheet = Sheet::new(projection, Region::GLOBE, area);
                let (x, y) = sheet.place(longitude, latitude);
                let (back_x, back_y) = sheet.globe(x, y).unwrap();
                prop_assert!((back_x - longitude).abs() < 1e-7 && (back_y - latitude).abs() < 1e-7);
            }
        }
    }
}
