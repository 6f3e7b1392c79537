//! Weights of a network as named tensors, in memory and in safetensors files.
//!
//! Names are the paths of the parameters in the module tree, e.g. `blocks.0.skip.weight`.

use crate::error::{Error, Result};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Tensor, TensorData};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;

/// Named f32 tensors: shape and values.
pub type NamedTensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// Calls `f` with the name and the values of every float parameter, in module order.
pub fn for_each<M: Module>(module: &M, f: impl FnMut(&str, TensorData)) {
    struct Visitor<F> {
        path: Vec<String>,
        f: F,
    }
    impl<F: FnMut(&str, TensorData)> ModuleVisitor for Visitor<F> {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.path.push(name.to_owned());
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.pop();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            (self.f)(&self.path.join("."), param.val().into_data());
        }
    }
    module.visit(&mut Visitor {
        path: Vec::new(),
        f,
    });
}

/// The parameters of a module by name, as f32.
pub fn collect<M: Module>(module: &M) -> NamedTensors {
    let mut tensors = NamedTensors::new();
    for_each(module, |name, data| {
        let shape = data.shape().iter().copied().collect();
        let values = data
            .convert_dtype(DType::F32)
            .try_into_vec::<f32>()
            .unwrap_or_default();
        tensors.insert(name.to_owned(), (shape, values));
    });
    tensors
}

/// Puts named tensors into a module. Every parameter must be there with its shape, and none left
/// over; `file` is named in the error.
pub fn apply<M: Module>(module: M, tensors: &NamedTensors, file: &Path) -> Result<M> {
    struct Mapper<'a> {
        path: Vec<String>,
        tensors: &'a NamedTensors,
    }
    impl ModuleMapper for Mapper<'_> {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.path.push(name.to_owned());
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.pop();
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let Some((shape, values)) = self.tensors.get(&self.path.join(".")) else {
                return param;
            };
            let data = TensorData::new(values.clone(), shape.clone());
            param.map(|old| replaced(&old, data))
        }
    }
    let weights = |problem| Error::Weights {
        file: file.to_owned(),
        problem,
    };
    let mut problem = None;
    let mut names = Vec::new();
    for_each(&module, |name, data| {
        let expected: Vec<usize> = data.shape().iter().copied().collect();
        match tensors.get(name) {
            _ if problem.is_some() => {}
            None => {
                problem = Some(weights(format!(
                    "tensor `{name}` of shape {expected:?} is missing: weights of another network"
                )));
            }
            Some((found, _)) if *found != expected => {
                problem = Some(Error::TensorShape {
                    tensor: format!("{name} ({})", file.display()),
                    expected,
                    found: found.clone(),
                });
            }
            Some(_) => {}
        }
        names.push(name.to_owned());
    });
    if let Some(problem) = problem {
        return Err(problem);
    }
    if let Some(extra) = tensors.keys().find(|name| !names.contains(name)) {
        return Err(weights(format!(
            "tensor `{extra}` has no place in this network"
        )));
    }
    Ok(module.map(&mut Mapper {
        path: Vec::new(),
        tensors,
    }))
}

/// New values for a parameter tensor, on its device, in its precision and as trainable as before.
pub(crate) fn replaced<const D: usize>(old: &Tensor<D>, data: TensorData) -> Tensor<D> {
    let tensor = Tensor::from_data(data, (&old.device(), old.dtype()));
    match old.is_autodiff() && old.is_require_grad() {
        true => tensor.require_grad(),
        false => tensor,
    }
}

/// Writes tensors and text to a safetensors file, atomically.
pub fn write(file: &Path, tensors: &NamedTensors, text: HashMap<String, String>) -> Result<()> {
    let corrupt = |reason: safetensors::SafeTensorError| Error::Corrupt {
        file: file.to_owned(),
        kind: "safetensors file",
        reason: reason.to_string(),
    };
    let bytes: Vec<(&String, &Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, (shape, values))| {
            (
                name,
                shape,
                values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            )
        })
        .collect();
    let views = bytes
        .iter()
        .map(|(name, shape, bytes)| {
            Ok((
                name.as_str(),
                TensorView::new(Dtype::F32, shape.to_vec(), bytes).map_err(corrupt)?,
            ))
        })
        .collect::<Result<Vec<_>>>()?;
    let data = safetensors::serialize(views, Some(text)).map_err(corrupt)?;
    write_atomic(file, &data)
}

/// Reads a safetensors file of f32 tensors and its text. Complex numbers become pairs, on a last axis
/// of length 2.
pub fn read(file: &Path) -> Result<(NamedTensors, HashMap<String, String>)> {
    let data = std::fs::read(file).map_err(|e| Error::io(file, e))?;
    parse(&data, file)
}

/// The same of what a file holds.
///
/// # Errors
/// As [`read`].
pub(crate) fn parse(data: &[u8], file: &Path) -> Result<(NamedTensors, HashMap<String, String>)> {
    let corrupt = |reason: String| Error::Corrupt {
        file: file.to_owned(),
        kind: "safetensors file",
        reason,
    };
    let (_, metadata) = SafeTensors::read_metadata(data).map_err(|e| corrupt(e.to_string()))?;
    let text = metadata.metadata().clone().unwrap_or_default();
    let stored = SafeTensors::deserialize(data).map_err(|e| corrupt(e.to_string()))?;
    let mut tensors = NamedTensors::new();
    for (name, view) in stored.iter() {
        let mut shape = view.shape().to_vec();
        match view.dtype() {
            Dtype::F32 => {}
            Dtype::C64 => shape.push(2),
            other => {
                return Err(corrupt(format!(
                    "tensor `{name}`: expected F32 or C64, found {other:?}"
                )));
            }
        }
        let values = view
            .data()
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        tensors.insert(name.to_owned(), (shape, values.collect()));
    }
    Ok((tensors, text))
}

/// Writes a file so that a crash leaves either the old or the new content: a temporary file beside
/// it, flushed to disk, then renamed.
pub(crate) fn write_atomic(file: &Path, content: &[u8]) -> Result<()> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let temporary = file.with_file_name(name);
    let write = || {
        let mut handle = std::fs::File::create(&temporary)?;
        handle.write_all(content)?;
        handle.sync_all()?;
        std::fs::rename(&temporary, file)
    };
    write().map_err(|e| {
        let _ = std::fs::remove_file(&temporary);
        Error::io(file, e)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fno::FnoConfig;
    use burn::tensor::Device;

    fn config() -> FnoConfig {
        FnoConfig {
            hidden_channels: 4,
            layers: 2,
            n_modes: vec![4, 4],
            ..Default::default()
        }
    }

    #[test]
    fn weights_survive_a_file() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("weights.safetensors");
        let device = Device::flex();
        let before = collect(&config().init(&device).expect("network"));
        write(&file, &before, HashMap::from([("a".into(), "b".into())])).expect("written");
        let (read, text) = read(&file).expect("read");
        assert_eq!(text["a"], "b");
        let other = apply(config().init(&device).expect("network"), &read, &file).expect("fits");
        assert_eq!(collect(&other), before);
    }

    #[test]
    fn mismatches_are_named() {
        let device = Device::flex();
        let file = Path::new("weights.safetensors");
        let network = || config().init(&device).expect("network");
        let good = collect(&network());
        assert!(
            good.contains_key("blocks.1.fourier.skip.weight"),
            "{:?}",
            good.keys()
        );

        let mut tensors = good.clone();
        tensors.insert(
            "blocks.1.fourier.skip.weight".into(),
            (vec![4, 5], vec![0.0; 20]),
        );
        let message = apply(network(), &tensors, file)
            .expect_err("refused")
            .to_string();
        assert!(
            message.contains("blocks.1.fourier.skip.weight") && message.contains("[4, 5]"),
            "{message}"
        );

        let mut tensors = good.clone();
        tensors.remove("lifting.double.bias.bias");
        let message = apply(network(), &tensors, file)
            .expect_err("refused")
            .to_string();
        assert!(message.contains("`lifting.double.bias.bias`"), "{message}");

        let mut tensors = good;
        tensors.insert("head.weight".into(), (vec![1], vec![0.0]));
        let message = apply(network(), &tensors, file)
            .expect_err("refused")
            .to_string();
        assert!(message.contains("`head.weight`"), "{message}");
    }

    #[test]
    fn broken_files_are_said_to_be() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("weights.safetensors");
        let message = read(&file).expect_err("missing").to_string();
        assert!(message.contains("weights.safetensors"), "{message}");
        std::fs::write(&file, b"not a tensor file").expect("written");
        let message = read(&file).expect_err("corrupt").to_string();
        assert!(
            message.contains("not a valid safetensors file"),
            "{message}"
        );
    }
}
