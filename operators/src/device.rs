//! Choice of the device by name.
//!
//! The name says what runs: `cpu`, `cuda:0`, `wgpu`, or `auto`, which takes the first CUDA device
//! if this program was compiled for them and there is one, else the CPU (a `wgpu` device may be
//! software, and slower). Nothing falls back silently from a GPU that was asked for by name.

use crate::error::{Error, Result};
use burn::tensor::Device;

/// The device of that name, without autodiff.
///
/// # Errors
/// When the name is none of `auto`, `cpu`, `cuda`, `cuda:N`, `wgpu`; when support was not compiled
/// in; when no such device is present.
///
/// ```
/// assert!(curlwind_operators::device::select("cpu").is_ok());
/// assert!(curlwind_operators::device::select("gpu").is_err());
/// ```
pub fn select(name: &str) -> Result<Device> {
    let refuse = |reason: String| {
        Err(Error::Device {
            name: name.to_owned(),
            reason,
        })
    };
    match name {
        "cpu" => Ok(Device::flex()),
        "auto" => Ok(cuda(0).ok().unwrap_or_else(Device::flex)),
        "cuda" => cuda(0).or_else(refuse),
        "wgpu" => wgpu().or_else(refuse),
        _ => match name.strip_prefix("cuda:").map(str::parse) {
            Some(Ok(index)) => cuda(index).or_else(refuse),
            _ => refuse("expected `auto`, `cpu`, `cuda`, `cuda:N` or `wgpu`".into()),
        },
    }
}

/// The device of one of several processes of a machine: where `auto` or `cuda` is asked for, its
/// CUDA devices in turn; any other name as it is.
pub fn of_rank(name: &str, rank: usize) -> String {
    if !matches!(name, "auto" | "cuda") {
        return name.to_owned();
    }
    match cuda_devices() {
        0 | 1 => name.to_owned(),
        count => format!("cuda:{}", rank % count),
    }
}

/// How a device is called in reports: the name that [`select`] takes.
pub fn name(device: &Device) -> String {
    if is_cpu(device) {
        return "cpu".into();
    }
    #[cfg(feature = "cuda")]
    for (index, found) in Device::enumerate(burn::tensor::DeviceType::Cuda)
        .into_vec()
        .iter()
        .enumerate()
    {
        if device.clone().without_autodiff() == *found {
            return format!("cuda:{index}");
        }
    }
    // All that is left.
    "wgpu".into()
}

/// Whether tensors of this device live in ordinary memory.
pub(crate) fn is_cpu(device: &Device) -> bool {
    device.clone().without_autodiff() == Device::flex()
}

#[cfg(feature = "cuda")]
fn cuda_devices() -> usize {
    Device::enumerate(burn::tensor::DeviceType::Cuda)
        .into_vec()
        .len()
}

#[cfg(not(feature = "cuda"))]
fn cuda_devices() -> usize {
    0
}

#[cfg(feature = "cuda")]
fn cuda(index: usize) -> Result<Device, String> {
    let found = Device::enumerate(burn::tensor::DeviceType::Cuda).into_vec();
    let count = found.len();
    found.into_iter().nth(index).ok_or_else(|| match count {
        0 => "no CUDA device or driver on this machine".into(),
        _ => format!("expected an index below {count}, found {index}"),
    })
}

#[cfg(not(feature = "cuda"))]
fn cuda(_: usize) -> Result<Device, String> {
    Err("this program was compiled without CUDA (cargo feature `cuda`)".into())
}

#[cfg(feature = "wgpu")]
fn wgpu() -> Result<Device, String> {
    Ok(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice))
}

#[cfg(not(feature = "wgpu"))]
fn wgpu() -> Result<Device, String> {
    Err("this program was compiled without wgpu (cargo feature `wgpu`)".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_explicit() {
        assert_eq!(name(&select("cpu").expect("cpu")), "cpu");
        assert_eq!(name(&Device::flex().autodiff()), "cpu");
        for wrong in ["", "gpu", "cuda:x", "cuda:-1"] {
            let message = select(wrong).expect_err("refused").to_string();
            assert!(message.contains("expected `auto`"), "{message}");
        }
    }

    #[test]
    fn a_name_stays_where_there_is_one_device_or_none() {
        for name in ["cpu", "wgpu", "cuda:1"] {
            assert_eq!(of_rank(name, 3), name);
        }
    }

    #[test]
    #[cfg(not(feature = "cuda"))]
    fn absent_support_is_said() {
        let message = select("cuda:1").expect_err("refused").to_string();
        assert!(message.contains("compiled without CUDA"), "{message}");
    }
}
