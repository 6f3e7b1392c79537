//! Devices that solvers run on: GPUs through CUDA, Vulkan, Metal or DX12.
//!
//! The kernels are written once, in Rust, for all of them (CubeCL). They are there with the cargo
//! features `cuda` and `wgpu`; `vulkan` is `wgpu` with another compiler, which knows f64 where the
//! driver does. A program without any of these starts everywhere and refuses a device by name.

use crate::{Error, Result};
use cubecl::prelude::*;
use cubecl::{client::Client, device::WgpuDeviceKind, server::Handle};

/// A device at work.
#[derive(Clone)]
pub struct Device {
    client: Client,
    name: String,
}

/// Values on a device.
pub(crate) struct Buffer {
    handle: Handle,
    /// Number of values.
    len: usize,
}

impl Device {
    /// The device of a name: `cuda` or `cuda:N`, `wgpu` (the first that Vulkan, Metal or DX12 has).
    ///
    /// # Errors
    /// [`Error::Device`] when the name is another, when this program was not built for such devices,
    /// when there is none.
    pub fn open(name: &str) -> Result<Self> {
        let refuse = |reason: String| Error::Device {
            name: name.into(),
            reason,
        };
        let number = match name {
            "cuda" => Some(0),
            "wgpu" => None,
            _ => match name.strip_prefix("cuda:").map(str::parse) {
                Some(Ok(number)) => Some(number),
                _ => return Err(refuse("expected `cuda`, `cuda:N` or `wgpu`".into())),
            },
        };
        let device = match number {
            Some(number) => cubecl::Device::cuda(number),
            None => cubecl::Device::wgpu(WgpuDeviceKind::default()),
        };
        Ok(Self {
            client: device.map_err(|e| refuse(e.to_string()))?.client(),
            name: name.into(),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it computes in f64.
    pub fn has_f64(&self) -> bool {
        self.client.properties().supports_type(f64::cube_type())
    }

    /// Waits until all that was asked of it is done.
    ///
    /// # Errors
    /// [`Error::Device`] when something of it failed.
    pub fn synchronise(&self) -> Result<()> {
        cubecl::future::block_on(self.client.sync()).map_err(|e| self.failed(e))
    }

    /// Refuses a buffer of so many bytes that the device cannot have.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(crate) fn fits(&self, bytes: usize) -> Result<()> {
        let most = self.client.properties().memory.max_page_size;
        if bytes as u64 > most {
            return Err(Error::Device {
                name: self.name.clone(),
                reason: format!(
                    "{:.2} GiB in one piece are needed, it gives {:.2} GiB; take fewer or larger cells",
                    bytes as f64 / 1_073_741_824.0,
                    most as f64 / 1_073_741_824.0
                ),
            });
        }
        Ok(())
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Values from memory.
    pub(crate) fn upload<T: CubeElement>(&self, values: &[T]) -> Buffer {
        // a binding may not be empty
        if values.is_empty() {
            return self.upload(&[T::from_bytes(&[0; 8])[0]]);
        }
        Buffer {
            handle: self.client.create_from_slice(T::as_bytes(values)),
            len: values.len(),
        }
    }

    /// As many zeros.
    pub(crate) fn zeros<T: CubeElement>(&self, len: usize) -> Buffer {
        let len = len.max(1);
        let buffer = Buffer {
            handle: self.client.empty(len * size_of::<T>()),
            len,
        };
        // words of 32 bits do for all types
        let words = len * size_of::<T>() / size_of::<u32>();
        let cubes = words.div_ceil(CLEARED as usize) as u32;
        let across = cubes.min(32768);
        // SAFETY: the buffer holds as many words
        unsafe {
            let argument = BufferArg::from_raw_parts(buffer.handle.clone(), words);
            clear::launch_unchecked(
                &self.client,
                CubeCount::Static(across, cubes.div_ceil(across), 1),
                CubeDim::new_1d(UNITS),
                argument,
                words as u32,
            );
        }
        buffer
    }

    /// The values of a buffer, in memory.
    ///
    /// # Errors
    /// [`Error::Device`] when that, or what was to make them, failed.
    pub(crate) fn read<T: CubeElement>(&self, buffer: &Buffer) -> Result<Vec<T>> {
        let bytes = self.client.read_one(buffer.handle.clone());
        let bytes = bytes.map_err(|e| self.failed(e))?;
        Ok(T::from_bytes(&bytes)[..buffer.len].to_vec())
    }

    fn failed(&self, error: impl std::fmt::Display) -> Error {
        // the rest is a backtrace
        let text = error.to_string();
        Error::Device {
            name: self.name.clone(),
            reason: text.split("\nBacktrace").next().unwrap_or_default().into(),
        }
    }
}

impl Buffer {
    /// Number of values.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// As an argument of a kernel.
    pub(crate) fn argument(&self) -> BufferArg {
        // SAFETY: the handle was made for as many values
        unsafe { BufferArg::from_raw_parts(self.handle.clone(), self.len) }
    }
}

const UNITS: u32 = 256;
/// Words that a cube clears.
const CLEARED: u32 = 1024;

#[cube(launch_unchecked)]
fn clear(words: &mut [u32], count: u32) {
    let mut at = (CUBE_POS_Y * CUBE_COUNT_X + CUBE_POS_X) * CLEARED + UNIT_POS_X;
    #[unroll]
    for _ in 0..4u32 {
        if at < count {
            words[at as usize] = 0;
        }
        at += UNITS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let device = Device::open("wgpu").unwrap();
        let values: Vec<f32> = (0..1000).map(|n| n as f32).collect();
        assert_eq!(device.read::<f32>(&device.upload(&values)).unwrap(), values);
        assert_eq!(
            device.read::<f32>(&device.zeros::<f32>(7)).unwrap(),
            [0.0; 7]
        );
        println!("f64: {}", device.has_f64());
    }

    #[test]
    fn other_names_are_refused() {
        for wrong in ["gpu", "cuda:x", "cpu"] {
            let error = Device::open(wrong).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains("expected `cuda`"), "{error}");
        }
    }
}
