//! Colours: a palette for lines that colour-blind readers can tell apart, and scales
//! for fields that are even to the eye.

use super::Ticks;
use std::fmt;

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// Text and frames.
    pub const INK: Self = Self(0x22, 0x22, 0x22);
    /// Secondary text.
    pub const GREY: Self = Self(0x66, 0x66, 0x66);
    /// Grid lines.
    pub const LIGHT: Self = Self(0xdd, 0xdd, 0xdd);
    /// Values that are missing or not finite.
    pub const MISSING: Self = Self(0xb8, 0xb8, 0xb8);
    /// White.
    pub const WHITE: Self = Self(0xff, 0xff, 0xff);
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// Okabe and Ito, "Color Universal Design" (2008), without black and yellow, which is too
/// pale for lines on white.
const PALETTE: [Colour; 6] = [
    Colour(0x00, 0x72, 0xb2), // blue
    Colour(0xd5, 0x5e, 0x00), // vermilion
    Colour(0x00, 0x9e, 0x73), // bluish green
    Colour(0xcc, 0x79, 0xa7), // reddish purple
    Colour(0xe6, 0x9f, 0x00), // orange
    Colour(0x56, 0xb4, 0xe9), // sky blue
];

/// The family of a model: its name up to `@` (`solver@T42` is of the family `solver`).
pub fn family(model: &str) -> &str {
    model.split(['@', ' ']).next().unwrap_or(model)
}

/// The colour of a model, the same in every figure. Models of one family share it and
/// are told apart by dashes.
pub fn model_colour(model: &str) -> Colour {
    let name = family(model).to_ascii_lowercase();
    known_colour(&name).unwrap_or_else(|| {
        // FNV-1a: the same name gets the same colour in every run.
        let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        PALETTE[hash as usize % PALETTE.len()]
    })
}

/// The colour that is kept for a kind of model in all figures.
fn known_colour(family: &str) -> Option<Colour> {
    Some(match family {
        "reference" | "truth" | "analysis" | "initial" => Colour(0, 0, 0),
        "solver" | "shallow_water" => PALETTE[0],
        "sfno" | "operator" | "surrogate" => PALETTE[1],
        "fno" => PALETTE[2],
        "pino" | "pinn" | "unet" => PALETTE[3],
        "persistence" => PALETTE[4],
        "damped_persistence" => PALETTE[3],
        "climatology" => Colour(0x80, 0x80, 0x80),
        "mean" => Colour(0x99, 0x99, 0x99),
        "neighbour" | "nearest" | "interpolation" | "barotropic" => PALETTE[5],
        _ => return None,
    })
}

/// Colours for the lines of one figure, as different as they can be: models keep their
/// own ([`model_colour`]), other names take what is left of the palette in turn. Names
/// that agree up to a comma (`E plane, θ` and `E plane, φ`) share a colour.
pub fn distinct_colours<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Colour> {
    let groups: Vec<&str> = names
        .into_iter()
        .map(|name| name.split(',').next().unwrap_or(name).trim())
        .collect();
    let known = |group: &str| known_colour(&family(group).to_ascii_lowercase());
    let kept: Vec<Colour> = groups.iter().filter_map(|group| known(group)).collect();
    let mut free: Vec<Colour> = PALETTE
        .into_iter()
        .filter(|colour| !kept.contains(colour))
        .collect();
    if free.is_empty() {
        free.extend(PALETTE);
    }
    let mut others: Vec<&str> = Vec::new();
    groups
        .iter()
        .map(|&group| {
            known(group).unwrap_or_else(|| {
                let at = others.iter().position(|other| *other == group);
                let at = at.unwrap_or_else(|| {
                    others.push(group);
                    others.len() - 1
                });
                free[at % free.len()]
            })
        })
        .collect()
}

/// A colour map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourMap {
    /// Dark to bright, even in lightness, for values from low to high.
    Viridis,
    /// Blue over purple to orange, for thin lines on white: it has no pale end.
    Plasma,
    /// Blue over white to red, for differences and anomalies.
    BlueWhiteRed,
}

impl ColourMap {
    /// The colour at `at` from 0 to 1.
    pub fn colour(self, at: f64) -> Colour {
        // Viridis: van der Walt and Smith (2015), CC0, at ninths of its length.
        const VIRIDIS: [u32; 9] = [
            0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c, 0x28ae80, 0x5ec962, 0xaddc30,
            0xfde725,
        ];
        // Plasma: van der Walt and Smith (2015), CC0, the darker two thirds of its ninths.
        const PLASMA: [u32; 7] = [
            0x0d0887, 0x46039f, 0x7201a8, 0x9c179e, 0xbd3786, 0xd8576b, 0xed7953,
        ];
        // Both arms take the same steps in lightness.
        const DIVERGING: [u32; 7] = [
            0x12306b, 0x2f72b0, 0x8fbfe0, 0xf7f7f7, 0xf2a98b, 0xc9483f, 0x6e0d22,
        ];
        let anchors: &[u32] = match self {
            Self::Viridis => &VIRIDIS,
            Self::Plasma => &PLASMA,
            Self::BlueWhiteRed => &DIVERGING,
        };
        let at = at.clamp(0.0, 1.0) * (anchors.len() - 1) as f64;
        let lower = (at.floor() as usize).min(anchors.len() - 2);
        blend(anchors[lower], anchors[lower + 1], at - lower as f64)
    }
}

/// A mixture of two colours on the straight line between them in Oklab (Ottosson, 2020),
/// where equal steps look equal.
fn blend(from: u32, to: u32, at: f64) -> Colour {
    let (a, b) = (oklab(from), oklab(to));
    let mixed = [0, 1, 2].map(|i| a[i] + at * (b[i] - a[i]));
    let [l, m, s] = [
        mixed[0] + 0.396_337_777_4 * mixed[1] + 0.215_803_757_3 * mixed[2],
        mixed[0] - 0.105_561_345_8 * mixed[1] - 0.063_854_172_8 * mixed[2],
        mixed[0] - 0.089_484_177_5 * mixed[1] - 1.291_485_548 * mixed[2],
    ]
    .map(|root| root * root * root);
    let encode = |linear: f64| {
        let linear = linear.clamp(0.0, 1.0);
        let value = if linear <= 0.003_130_8 {
            12.92 * linear
        } else {
            1.055 * linear.powf(1.0 / 2.4) - 0.055
        };
        (value * 255.0).round() as u8
    };
    Colour(
        encode(4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s),
        encode(-1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s),
        encode(-0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701 * s),
    )
}

fn oklab(hex: u32) -> [f64; 3] {
    let [r, g, b] = [16, 8, 0].map(|shift| {
        let value = f64::from((hex >> shift) & 0xff) / 255.0;
        if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    });
    let [l, m, s] = [
        0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b,
        0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b,
        0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b,
    ]
    .map(f64::cbrt);
    [
        0.210_454_255_3 * l + 0.793_617_785 * m - 0.004_072_046_8 * s,
        1.977_998_495_1 * l - 2.428_592_205 * m + 0.450_593_709_9 * s,
        0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766 * s,
    ]
}

/// Values to colours.
#[derive(Debug, Clone, PartialEq)]
pub struct ColourScale {
    /// The colours.
    pub map: ColourMap,
    /// The value of the first colour.
    pub low: f64,
    /// The value of the last colour.
    pub high: f64,
    /// Whether some value lies below `low`.
    pub below: bool,
    /// Whether some value lies above `high`.
    pub above: bool,
    /// Bounds of bands of one colour each; empty for smooth colours.
    pub bands: Vec<f64>,
}

impl ColourScale {
    /// A scale over the finite values: from the least to the largest for
    /// [`ColourMap::Viridis`] and [`ColourMap::Plasma`], symmetric about zero for [`ColourMap::BlueWhiteRed`].
    ///
    /// A constant field gets a scale around its value, an empty one 0 to 1.
    pub fn over(map: ColourMap, values: impl IntoIterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.into_iter().filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if map == ColourMap::BlueWhiteRed {
            high = low.abs().max(high.abs());
            if high == 0.0 {
                high = 1.0;
            }
            low = -high;
        }
        // A spread that is only round-off is no spread.
        let size = low.abs().max(high.abs());
        if high - low <= 1e-12 * size {
            let half = if size == 0.0 { 0.5 } else { 0.01 * size };
            (low, high) = (low - half, high + half);
        }
        Self {
            map,
            low,
            high,
            below: false,
            above: false,
            bands: Vec::new(),
        }
    }

    /// A scale from `low` to `high`; `values` tell whether some lie outside.
    pub fn between(
        map: ColourMap,
        low: f64,
        high: f64,
        values: impl IntoIterator<Item = f64>,
    ) -> Self {
        let mut scale = Self::over(map, [low, high]);
        (scale.low, scale.high) = if low < high {
            (low, high)
        } else {
            (scale.low, scale.high)
        };
        for value in values {
            scale.below |= value < scale.low;
            scale.above |= value > scale.high;
        }
        scale
    }

    /// The same scale in about `count` bands on round values, its ends moved out to them.
    pub fn banded(mut self, count: usize) -> Self {
        let ticks = Ticks::linear(self.low, self.high, count.max(2));
        let step = ticks.step;
        let first = (self.low / step + 1e-9).floor();
        let last = (self.high / step - 1e-9).ceil();
        self.bands = (0..=(last - first) as usize)
            .map(|k| (first + k as f64) * step)
            .collect();
        (self.low, self.high) = (first * step, last * step);
        self
    }

    /// The colour of a value; grey where it is not finite.
    pub fn colour(&self, value: f64) -> Colour {
        if !value.is_finite() {
            return Colour::MISSING;
        }
        let count = self.bands.len().saturating_sub(1);
        let at = (value - self.low) / (self.high - self.low);
        if count == 0 {
            return self.map.colour(at);
        }
        let band = (at * count as f64).floor().clamp(0.0, (count - 1) as f64);
        self.map.colour((band + 0.5) / count as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_kept() {
        assert_eq!(ColourMap::Viridis.colour(0.0), Colour(0x44, 0x01, 0x54));
        assert_eq!(ColourMap::Viridis.colour(1.0), Colour(0xfd, 0xe7, 0x25));
        assert_eq!(
            ColourMap::BlueWhiteRed.colour(0.5),
            Colour(0xf7, 0xf7, 0xf7)
        );
    }

    #[test]
    fn viridis_brightens_all_the_way_and_the_other_is_symmetric() {
        let light = |colour: Colour| {
            let Colour(r, g, b) = colour;
            oklab(u32::from(r) << 16 | u32::from(g) << 8 | u32::from(b))[0]
        };
        let lights: Vec<f64> = (0..=50)
            .map(|i| light(ColourMap::Viridis.colour(f64::from(i) / 50.0)))
            .collect();
        assert!(lights.windows(2).all(|pair| pair[1] > pair[0]));
        for i in 0..=25 {
            let at = f64::from(i) / 50.0;
            let pair = [at, 1.0 - at].map(|at| light(ColourMap::BlueWhiteRed.colour(at)));
            assert!((pair[0] - pair[1]).abs() < 0.06, "{at} {pair:?}");
        }
    }

    #[test]
    fn scales_of_odd_fields() {
        let scale = ColourScale::over(ColourMap::Viridis, [5.0, 5.0]);
        assert!(scale.low < 5.0 && scale.high > 5.0);
        let scale = ColourScale::over(ColourMap::Viridis, [f64::NAN]);
        assert_eq!((scale.low, scale.high), (0.0, 1.0));
        let scale = ColourScale::over(ColourMap::BlueWhiteRed, [-1.0, 3.0]);
        assert_eq!((scale.low, scale.high), (-3.0, 3.0));
        assert_eq!(scale.colour(f64::NAN), Colour::MISSING);
        let scale = ColourScale::over(ColourMap::Viridis, [0.3, 9.7]).banded(10);
        assert_eq!((scale.low, scale.high, scale.bands.len()), (0.0, 10.0, 11));
        let scale = ColourScale::between(ColourMap::Viridis, 0.0, 1.0, [2.0]);
        assert!(scale.above && !scale.below);
    }

    #[test]
    fn lines_of_one_figure_differ() {
        let names = ["S11", "solver@fine", "S21", "E plane, co", "E plane, cross"];
        let colours = distinct_colours(names);
        assert_eq!(colours[1], model_colour("solver"));
        assert_eq!(colours[3], colours[4]);
        for (i, a) in colours[..4].iter().enumerate() {
            assert!(colours[..i].iter().all(|b| a != b), "{colours:?}");
        }
        assert_eq!(distinct_colours(["a", "b"]).len(), 2);
    }

    #[test]
    fn a_family_has_one_colour() {
        assert_eq!(model_colour("solver@T21"), model_colour("solver@T42"));
        assert_ne!(model_colour("solver@T21"), model_colour("sfno"));
        assert_eq!(model_colour("my model"), model_colour("my model"));
    }
}
