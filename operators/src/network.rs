//! The networks that a scenario can choose from, by configuration.

use crate::deeponet::{DeepOnet, DeepOnetConfig};
use crate::error::{Error, Result};
use crate::fno::{Fno, FnoConfig};
use crate::sfno::{Sfno, SfnoConfig};
use crate::stepping::{Stepping, SteppingConfig};
use crate::training::{Precision, TrainingConfig};
use crate::unet::{Unet, UnetConfig};
use crate::uno::{Uno, UnoConfig};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use curlwind_solvers::sphere::grid::SphereGrid;
use serde::{Deserialize, Serialize};

/// The values of `kind` with a line about each, for listings.
pub const KINDS: [(&str, &str); 6] = [
    (
        "sfno",
        "spherical Fourier neural operator (Bonev et al. 2023)",
    ),
    (
        "fno",
        "Fourier neural operator in one to three dimensions (Li et al. 2021)",
    ),
    (
        "uno",
        "U-shaped neural operator on lines and planes (Rahman et al. 2023)",
    ),
    (
        "unet",
        "U-Net on lines and planes (Ronneberger et al. 2015)",
    ),
    (
        "deeponet",
        "deep operator network on lines and planes (Lu et al. 2021)",
    ),
    (
        "stepping",
        "learned time stepper of quadratic dynamics on the sphere",
    ),
];

/// Configuration of a network; in files `kind = "fno"`, or another of [`KINDS`], beside its keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NetworkConfig {
    /// Fourier neural operator on latitude and longitude as if they were a torus.
    Fno(FnoConfig),
    /// Spherical Fourier neural operator.
    Sfno(SfnoConfig),
    /// U-shaped neural operator.
    Uno(UnoConfig),
    /// U-Net.
    Unet(UnetConfig),
    /// Deep operator network.
    #[serde(rename = "deeponet")]
    DeepOnet(DeepOnetConfig),
    /// Bilinear stepping operator on the sphere.
    Stepping(SteppingConfig),
}

impl burn::config::Config for NetworkConfig {}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self::Sfno(SfnoConfig::default())
    }
}

/// A network `[B, Ci, nlat, nlon]` to `[B, Co, nlat, nlon]`.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // one per program
pub enum Network {
    /// See [`Fno`].
    Fno(Fno),
    /// See [`Sfno`].
    Sfno(Sfno),
    /// See [`Uno`].
    Uno(Uno),
    /// See [`Unet`].
    Unet(Unet),
    /// See [`DeepOnet`].
    DeepOnet(DeepOnet),
    /// See [`Stepping`].
    Stepping(Stepping),
}

/// A function of fields `[B, C, H, W]`, of which a network is a chain; see [`Network::parts`].
pub type Part<'a> = Box<dyn Fn(Tensor<4>) -> Tensor<4> + 'a>;

impl NetworkConfig {
    /// The same with the numbers of channels that the data have.
    pub fn with_channels(mut self, inputs: usize, outputs: usize) -> Self {
        let (in_channels, out_channels) = match &mut self {
            Self::Fno(config) => (&mut config.in_channels, &mut config.out_channels),
            Self::Sfno(config) => (&mut config.in_channels, &mut config.out_channels),
            Self::Uno(config) => (&mut config.in_channels, &mut config.out_channels),
            Self::Unet(config) => (&mut config.in_channels, &mut config.out_channels),
            Self::DeepOnet(config) => (&mut config.in_channels, &mut config.out_channels),
            Self::Stepping(config) => (&mut config.in_channels, &mut config.out_channels),
        };
        (*in_channels, *out_channels) = (inputs, outputs);
        self
    }

    /// Number of input and output channels.
    pub fn channels(&self) -> (usize, usize) {
        match self {
            Self::Fno(config) => (config.in_channels, config.out_channels),
            Self::Sfno(config) => (config.in_channels, config.out_channels),
            Self::Uno(config) => (config.in_channels, config.out_channels),
            Self::Unet(config) => (config.in_channels, config.out_channels),
            Self::DeepOnet(config) => (config.in_channels, config.out_channels),
            Self::Stepping(config) => (config.in_channels, config.out_channels),
        }
    }

    /// The name in files, one of [`KINDS`].
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fno(_) => "fno",
            Self::Sfno(_) => "sfno",
            Self::Uno(_) => "uno",
            Self::Unet(_) => "unet",
            Self::DeepOnet(_) => "deeponet",
            Self::Stepping(_) => "stepping",
        }
    }

    /// Refuses ways of training that the network does not allow: few modes first, activations that
    /// are computed again, fields of 16 bits.
    ///
    /// # Errors
    /// Naming the key.
    pub fn check_training(&self, training: &TrainingConfig) -> Result<()> {
        let fno = match self {
            Self::Fno(config) => Some(config),
            _ => None,
        };
        let refuse = |key: &str, expected: &str| Err(Error::config(key, expected, self.name()));
        if fno.is_none() && training.stages.iter().any(|s| s.modes.is_some()) {
            return refuse("stages.modes", "a network of Fourier layers, e.g. fno");
        }
        if fno.is_none() && training.checkpoint_activations {
            let expected = "a network that is a chain of layers, e.g. fno";
            return refuse("checkpoint_activations", expected);
        }
        let half = training.precision == Precision::Bf16;
        if half && !fno.is_some_and(FnoConfig::takes_bf16) {
            let expected = "f32, or an fno of dense weights without channel layers";
            return refuse("precision", expected);
        }
        Ok(())
    }

    /// Creates the network with fresh weights for fields on `grid`.
    ///
    /// # Errors
    /// When the configuration is refused or is for fields of another number of dimensions.
    pub fn init(&self, grid: &SphereGrid, device: &Device) -> Result<Network> {
        self.check_plane([grid.nlat(), grid.nlon()])?;
        Ok(match self {
            Self::Fno(config) => Network::Fno(config.init(device)?),
            Self::Sfno(config) => Network::Sfno(config.init(grid, device)?),
            Self::Uno(config) => Network::Uno(config.init(device)?),
            Self::Unet(config) => Network::Unet(config.init(device)?),
            Self::DeepOnet(config) => Network::DeepOnet(config.init(device)?),
            Self::Stepping(config) => Network::Stepping(config.init(grid, device)?),
        })
    }

    /// Creates the network with fresh weights for fields on a rectangle, or on a line as one row.
    ///
    /// # Errors
    /// When the network is one of the sphere.
    pub fn init_plane(&self, device: &Device) -> Result<Network> {
        match self {
            Self::Fno(config) => Ok(Network::Fno(config.init(device)?)),
            Self::Uno(config) => Ok(Network::Uno(config.init(device)?)),
            Self::Unet(config) => Ok(Network::Unet(config.init(device)?)),
            Self::DeepOnet(config) => Ok(Network::DeepOnet(config.init(device)?)),
            Self::Sfno(_) | Self::Stepping(_) => Err(Error::config(
                "kind",
                "a network for fields on a rectangle, e.g. fno",
                self.name(),
            )),
        }
    }

    /// Whether fields of `rows` x `columns` points have the dimensions of the network.
    ///
    /// # Errors
    /// When they have more, but for a dimension of one point, or fewer.
    pub fn check_plane(&self, [rows, columns]: [usize; 2]) -> Result<()> {
        match self {
            Self::Fno(config)
                if config.n_modes.len() > 2 || (config.n_modes.len() < 2 && rows > 1) =>
            {
                let expected = format!("modes for fields of {rows} x {columns} points");
                let found = format!("{} dimensions", config.n_modes.len());
                Err(Error::config("n_modes", expected, found))
            }
            Self::Uno(config) => config.check_plane([rows, columns]),
            Self::Unet(config) => config.check_plane([rows, columns]),
            Self::DeepOnet(config) => config.check_plane([rows, columns]),
            _ => Ok(()),
        }
    }
}

impl Network {
    /// How many numbers the network learns.
    pub fn weight_count(&self) -> usize {
        self.num_params()
    }

    /// Applies the network to `[B, Ci, nlat, nlon]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Fno(network) => network.forward(x),
            Self::Sfno(network) => network.forward(x),
            Self::Uno(network) => network.forward(x),
            Self::Unet(network) => network.forward(x),
            Self::DeepOnet(network) => network.forward(x),
            Self::Stepping(network) => network.forward(x),
        }
    }

    /// The network as a chain of parts for fields of `rows` x `columns`: one applied to the result of
    /// the other they give exactly what [`Network::forward`] gives. Recomputing a part when its
    /// gradient is wanted saves the memory of all others. `None` for networks that are no chain.
    pub fn parts(&self, sizes: [usize; 2]) -> Option<Vec<Part<'_>>> {
        match self {
            Self::Fno(network) => Some(network.parts(sizes)),
            _ => None,
        }
    }

    /// The same parameters with at most `modes` Fourier modes in use, see [`Fno::limited`]; `None`
    /// where the network has no modes that could be limited, but some are to be.
    pub fn limited(&self, modes: Option<usize>) -> Option<Self> {
        match (self, modes) {
            (Self::Fno(network), _) => Some(Self::Fno(network.limited(modes))),
            (other, None) => Some(other.clone()),
            _ => None,
        }
    }

    /// The same weights for fields on another grid.
    pub fn at_grid(&self, grid: &SphereGrid) -> Result<Self> {
        Ok(match self {
            Self::Fno(network) => Self::Fno(network.clone()),
            Self::Sfno(network) => Self::Sfno(network.at_grid(grid)?),
            Self::Uno(network) => Self::Uno(network.clone()),
            Self::Unet(network) => Self::Unet(network.clone()),
            Self::DeepOnet(network) => Self::DeepOnet(network.clone()),
            Self::Stepping(network) => Self::Stepping(network.at_grid(grid)?),
        })
    }

    /// Whether the network must see inputs once, before training ([`Network::fit`]).
    pub fn wants_fit(&self) -> bool {
        matches!(self, Self::Stepping(network) if !network.is_fitted())
    }

    /// Fits what is not learned by gradients to inputs `[S, Ci, nlat, nlon]`; only the stepping
    /// operator has such.
    pub fn fit(self, inputs: Tensor<4>) -> Result<Self> {
        match self {
            Self::Stepping(network) => Ok(Self::Stepping(network.fit(inputs)?)),
            other => Ok(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Not only where fields are on a plane: a wrong rank must not get as far as a field.
    #[test]
    fn modes_of_another_rank_are_refused() {
        let grid = SphereGrid::gaussian(4, 8).expect("grid");
        for n_modes in [vec![4], vec![2, 2, 2], vec![]] {
            let config = NetworkConfig::Fno(FnoConfig {
                n_modes,
                ..Default::default()
            });
            let refused = config.init(&grid, &Device::flex());
            let message = refused.expect_err("refused").to_string();
            assert!(message.contains("`n_modes`"), "{message}");
        }
    }

    #[test]
    fn configurations_survive_json_and_refuse_unknown_keys() {
        for config in [
            NetworkConfig::default(),
            NetworkConfig::Fno(FnoConfig::default()),
            NetworkConfig::Uno(UnoConfig::default()),
            NetworkConfig::Unet(UnetConfig::default()),
            NetworkConfig::DeepOnet(DeepOnetConfig::default()),
            NetworkConfig::Stepping(SteppingConfig::default()),
        ] {
            assert!(KINDS.iter().any(|(kind, _)| *kind == config.name()));
            let json = serde_json::to_string(&config).expect("json");
            assert!(
                json.starts_with(&format!(r#"{{"kind":"{}""#, config.name())),
                "{json}"
            );
            assert_eq!(
                serde_json::from_str::<NetworkConfig>(&json).expect("back"),
                config
            );
        }
        let short: NetworkConfig =
            serde_json::from_str(r#"{"kind": "sfno", "layers": 2, "filter": "smooth"}"#)
                .expect("defaults");
        assert_eq!(short.name(), "sfno");
        let wrong = serde_json::from_str::<NetworkConfig>(r#"{"kind": "sfno", "depth": 2}"#);
        assert!(
            wrong
                .expect_err("refused")
                .to_string()
                .contains("unknown field `depth`")
        );
    }
}
