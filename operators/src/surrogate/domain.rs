//! Where the fields of a surrogate are.

use crate::error::{Error, Result};
use crate::loss::{GridLoss, LossKind};
use crate::network::{Network, NetworkConfig};
use burn::tensor::{DType, Device};
use curlwind_solvers::sphere::grid::{GridKind, SphereGrid};
use serde::{Deserialize, Serialize};

/// A grid of the whole sphere that has a quadrature, or any other grid of latitudes and longitudes.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// The whole sphere.
    Sphere(SphereGrid),
    /// Rows of latitude, cut out of the sphere or unevenly spaced.
    Region(Region),
}

/// Rows of latitude and what they count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Degrees north, north to south.
    pub latitudes_deg: Vec<f64>,
    /// Degrees east.
    pub longitudes_deg: Vec<f64>,
    /// Share of each row in the area, summing to 1.
    pub row_weights: Vec<f64>,
}

impl From<&SphereGrid> for Domain {
    fn from(grid: &SphereGrid) -> Self {
        Self::Sphere(grid.clone())
    }
}

impl From<&Domain> for Domain {
    fn from(domain: &Domain) -> Self {
        domain.clone()
    }
}

impl Domain {
    /// Latitudes and longitudes.
    pub fn shape(&self) -> [usize; 2] {
        match self {
            Self::Sphere(grid) => [grid.nlat(), grid.nlon()],
            Self::Region(region) => [region.latitudes_deg.len(), region.longitudes_deg.len()],
        }
    }

    /// The grid of the whole sphere, if it is one.
    pub fn sphere(&self) -> Option<&SphereGrid> {
        match self {
            Self::Sphere(grid) => Some(grid),
            Self::Region(_) => None,
        }
    }

    /// A network with fresh weights for its fields.
    pub(super) fn network(&self, config: &NetworkConfig, device: &Device) -> Result<Network> {
        match self {
            Self::Sphere(grid) => config.init(grid, device),
            Self::Region(_) => {
                config.check_plane(self.shape())?;
                config.init_plane(device)
            }
        }
    }

    /// The same weights for its fields.
    pub(super) fn adapt(&self, network: &Network) -> Result<Network> {
        match self {
            Self::Sphere(grid) => network.at_grid(grid),
            Self::Region(_) => Ok(network.clone()),
        }
    }

    /// A loss that weighs by area.
    ///
    /// # Errors
    /// When the loss needs a grid of the whole sphere.
    pub fn loss(&self, kind: LossKind, device: &Device, dtype: DType) -> Result<GridLoss> {
        match self {
            Self::Sphere(grid) => GridLoss::sphere(kind, grid, device, dtype),
            Self::Region(region) => match kind {
                LossKind::RelativeL2 | LossKind::Mse => {
                    let width = region.longitudes_deg.len();
                    Ok(GridLoss::rows(
                        kind,
                        &region.row_weights,
                        width,
                        device,
                        dtype,
                    ))
                }
                LossKind::RelativeH1 | LossKind::Spectral => {
                    let expected =
                        "`relative_l2` or `mse` on a grid that is not of the whole sphere";
                    Err(Error::config("loss", expected, format!("{kind:?}")))
                }
            },
        }
    }
}

/// A domain as files have it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum StoredDomain {
    Sphere {
        kind: String,
        nlat: usize,
        nlon: usize,
    },
    Region(Region),
}

impl From<&Domain> for StoredDomain {
    fn from(domain: &Domain) -> Self {
        match domain {
            Domain::Sphere(grid) => Self::Sphere {
                kind: kind_name(grid.kind()).into(),
                nlat: grid.nlat(),
                nlon: grid.nlon(),
            },
            Domain::Region(region) => Self::Region(region.clone()),
        }
    }
}

impl StoredDomain {
    /// The domain; `None` for a kind of grid that is none.
    pub fn domain(self) -> Result<Option<Domain>> {
        Ok(match self {
            Self::Sphere { kind, nlat, nlon } => match kind.as_str() {
                "gaussian" => Some(Domain::Sphere(SphereGrid::gaussian(nlat, nlon)?)),
                "regular" => Some(Domain::Sphere(SphereGrid::regular(nlat, nlon)?)),
                "regular_offset" => Some(Domain::Sphere(SphereGrid::regular_offset(nlat, nlon)?)),
                _ => None,
            },
            Self::Region(region) => Some(Domain::Region(region)),
        })
    }
}

fn kind_name(kind: &GridKind) -> &'static str {
    match kind {
        GridKind::Gaussian => "gaussian",
        GridKind::Regular => "regular",
        GridKind::RegularOffset => "regular_offset",
    }
}
