//! Weights of PyTorch's neuraloperator package.
//!
//! A state dict of its `FNO` or `TFNO`, saved with `torch.save` or with safetensors' `save_file`
//! (complex weights as they are, or as pairs of real numbers), becomes a [`Fno`] that gives the same
//! output. The configuration follows from the shapes. The outputs are the same on grids whose sizes are
//! even along all dimensions but the last; along odd ones version 2.0.0 of the package leaves every mode
//! one place off.

use crate::error::{Error, Result};
use crate::fno::{Fno, FnoConfig};
use crate::pytorch;
use crate::weights::{self, NamedTensors};
use burn::tensor::Device;
use std::path::Path;

mod spectral;

/// Reads a network from a PyTorch or a safetensors file, whichever it is by its content.
///
/// Whether coordinates are appended to the input (the package's default, `positional_embedding =
/// "grid"`) does not follow from the weights and has to be told.
///
/// # Errors
/// When the file is unreadable, a tensor is missing or has another shape (it is named), or the
/// network has parts that [`Fno`] has not: norms, tensor trains, other skips.
pub fn read_fno(
    file: &Path,
    positional_embedding: bool,
    device: &Device,
) -> Result<(FnoConfig, Fno)> {
    let tensors = match pytorch::recognise(file)? {
        true => pytorch::read(file)?,
        false => weights::read(file)?.0,
    };
    fno(tensors, positional_embedding, file, device)
}

/// The same from tensors; `file` is named in errors.
///
/// # Errors
/// As [`read_fno`].
pub fn fno(
    tensors: NamedTensors,
    positional_embedding: bool,
    file: &Path,
    device: &Device,
) -> Result<(FnoConfig, Fno)> {
    let mut source = Source { tensors, file };
    let mut ours = NamedTensors::new();
    let layers = (0..)
        .take_while(|layer| spectral::has(&source, *layer))
        .count();
    let mut config = FnoConfig {
        layers,
        positional_embedding,
        ..FnoConfig::default()
    };
    for layer in 0..layers {
        let prefix = format!("blocks.{layer}.fourier");
        let form = spectral::weights(&mut source, layer, &format!("{prefix}.weight"), &mut ours)?;
        config.hidden_channels = form.channels;
        config.n_modes = form.modes;
        if let Some(last) = config.n_modes.last_mut() {
            *last = (2 * last.saturating_sub(1)).max(1);
        }
        (config.factorization, config.rank) = (form.factorization, form.rank);
        let theirs = format!("fno_blocks.convs.{layer}.bias");
        ours.insert(format!("{prefix}.bias.bias"), source.vector(&theirs)?);
        let theirs = format!("fno_blocks.fno_skips.{layer}.conv.weight");
        ours.insert(format!("{prefix}.skip.weight"), source.matrix(&theirs)?);
        let mlp = format!("fno_blocks.channel_mlp.{layer}");
        if source.has(&format!("{mlp}.fcs.0.weight")) {
            let width = source.mlp(&mlp, &format!("blocks.{layer}.mlp.mlp"), &mut ours)?;
            // Half a channel more, so that rounding down gives the width.
            config.channel_mlp = (width as f64 + 0.5) / config.hidden_channels as f64;
            let theirs = format!("fno_blocks.channel_mlp_skips.{layer}.weight");
            ours.insert(format!("blocks.{layer}.mlp.gate"), source.vector(&theirs)?);
        }
    }
    if layers == 0 {
        return Err(source.problem(
            "expected `fno_blocks.convs.0.weight.tensor`: not the state dict of an FNO".into(),
        ));
    }
    // The package activates before the channel layers and after, whether they are there or not.
    config.activate_twice = config.channel_mlp == 0.0;
    let coordinates = if positional_embedding {
        config.n_modes.len()
    } else {
        0
    };
    let inputs = source.columns("lifting.fcs.0.weight")?;
    config.in_channels = inputs
        .checked_sub(coordinates)
        .filter(|n| *n > 0)
        .ok_or_else(|| {
            source.problem(format!(
                "tensor `lifting.fcs.0.weight`: {inputs} inputs leave none beside {coordinates} coordinates"
            ))
        })?;
    let ratio = |source: &Source, width: usize, what: &str| match width
        .is_multiple_of(config.hidden_channels)
    {
        true => Ok(width / config.hidden_channels),
        false => Err(source.problem(format!(
            "{what} of {width} channels: expected a multiple of {}",
            config.hidden_channels
        ))),
    };
    let width = source.mlp("lifting", "lifting.double", &mut ours)?;
    config.lifting_ratio = ratio(&source, width, "lifting")?;
    let width = source.mlp("projection", "projection", &mut ours)?;
    config.projection_ratio = ratio(&source, width, "projection")?;
    config.out_channels = ours.get("projection.bias.bias").map_or(1, |(s, _)| s[0]);
    if let Some(name) = source.tensors.keys().next() {
        return Err(source.problem(format!("tensor `{name}` has no place in this network")));
    }
    let network = weights::apply(config.init(device)?, &ours, file)?;
    Ok((config, network))
}

/// The state dict, of which tensors are taken one by one.
struct Source<'a> {
    tensors: NamedTensors,
    file: &'a Path,
}

impl Source<'_> {
    fn problem(&self, problem: String) -> Error {
        Error::Weights {
            file: self.file.to_owned(),
            problem,
        }
    }

    fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    fn take(&mut self, name: &str) -> Result<(Vec<usize>, Vec<f32>)> {
        match self.tensors.remove(name) {
            Some(tensor) => Ok(tensor),
            None => Err(self.problem(format!("tensor `{name}` is missing"))),
        }
    }

    /// A tensor without its axes of length 1, as a vector.
    fn vector(&mut self, name: &str) -> Result<(Vec<usize>, Vec<f32>)> {
        let (_, values) = self.take(name)?;
        Ok((vec![values.len()], values))
    }

    /// A convolution of kernel size 1 as a matrix.
    fn matrix(&mut self, name: &str) -> Result<(Vec<usize>, Vec<f32>)> {
        let (shape, values) = self.take(name)?;
        match &shape[..] {
            [rows, columns, rest @ ..] if rest.iter().all(|n| *n == 1) => {
                Ok((vec![*rows, *columns], values))
            }
            _ => Err(self.problem(format!(
                "tensor `{name}`: expected a kernel of one point, found shape {shape:?}"
            ))),
        }
    }

    /// Second axis of a tensor.
    fn columns(&self, name: &str) -> Result<usize> {
        match self.tensors.get(name) {
            Some((shape, _)) if shape.len() > 1 => Ok(shape[1]),
            _ => Err(self.problem(format!("tensor `{name}` is missing"))),
        }
    }

    /// Two channel layers; gives the width of the hidden one.
    fn mlp(&mut self, theirs: &str, ours: &str, tensors: &mut NamedTensors) -> Result<usize> {
        let first = self.matrix(&format!("{theirs}.fcs.0.weight"))?;
        let width = first.0[0];
        tensors.insert(format!("{ours}.first.weight"), first);
        let bias = self.vector(&format!("{theirs}.fcs.0.bias"))?;
        tensors.insert(format!("{ours}.activation.bias"), bias);
        let second = self.matrix(&format!("{theirs}.fcs.1.weight"))?;
        tensors.insert(format!("{ours}.second.weight"), second);
        let bias = self.vector(&format!("{theirs}.fcs.1.bias"))?;
        tensors.insert(format!("{ours}.bias.bias"), bias);
        Ok(width)
    }
}
