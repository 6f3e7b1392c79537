//! Scores of forecast fields against the truth, weighted by area, over the sphere or a region.
//!
//! With weights w_j per latitude (summing to 1) and the mean over longitudes, `<x>` is the
//! average over the sphere. For forecast f, truth o and climatology c:
//!
//! * RMSE = sqrt<(f - o)^2>
//! * relative L2 = sqrt(<(f - o)^2> / <o^2>)
//! * ACC = <f' o'> / sqrt(<f'^2> <o'^2>) with f' = f - c - <f - c>, o' likewise: the centred
//!   anomaly correlation (WMO Manual on the GDPFS, appendix 2.2.34)
//! * bias = <f - o>, MAE = <|f - o|>
//!
//! A field with a value that is not finite scores NaN: a forecast that blew up stays in the
//! table as a failure. Points where the truth has no value are left out ([`moments`]) and the
//! weights of the others scaled to sum to 1 again.
//!
//! An ensemble of members x_1 .. x_m also has, at each point and then averaged ([`moments`]),
//!
//! * CRPS = mean |x_i - o| - sum_ij |x_i - x_j| / (2 m^2), of the members' empirical distribution
//!   (Gneiting and Raftery, J. Am. Stat. Assoc. 102, 359-378, 2007, equation 21)
//! * fair CRPS: with m (m - 1) in place of m^2 (Ferro, Q. J. R. Meteorol. Soc. 140, 1917-1923, 2014)
//! * spread: the root of the mean variance of the members (over m - 1)
//! * the histogram of the truth's rank among the members
//!
//! [`fractions`] has the fractions skill score, [`spectrum`] power by scale, [`bootstrap`] intervals.

mod area;
pub mod bootstrap;
mod cells;
pub mod fractions;
pub mod moments;
#[cfg(test)]
mod plain;
mod region;
pub mod spectrum;

pub use area::AreaMean;
pub use cells::{Cells, Weights};
pub use region::Region;
