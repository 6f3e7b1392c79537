//! Devices that solvers run on: GPUs through CUDA, Vulkan, Metal or DX12.
//!
//! The kernels are written once, in Rust, for all of them (CubeCL). They are there with the cargo
//! features `cuda` and `wgpu`; `vulkan` is `wgpu` with another compiler, which knows f64 where the
//! driver does. A program without any of these starts everywhere and refuses a device by name.

use crate::{Error, Result};
use cubecl::device::{DeviceUnavailable, WgpuDeviceKind};
use cubecl::prelude::*;
use cubecl::{client::Client, server::Handle};
use std::pin::Pin;

/// A device at work.
#[derive(Clone)]
pub struct Device {
    client: Client,
    name: String,
}

/// A number that devices compute in.
pub trait Real: Float + CubeElement {
    /// Its name, as in Rust.
    const NAME: &'static str;
    /// The largest finite value.
    const LARGEST: f64;

    /// The nearest value.
    fn rounded(value: f64) -> Self;

    /// The same value in f64.
    fn widened(self) -> f64;
}

impl Real for f32 {
    const NAME: &'static str = "f32";
    const LARGEST: f64 = f32::MAX as f64;

    fn rounded(value: f64) -> Self {
        value as f32
    }

    fn widened(self) -> f64 {
        self.into()
    }
}

impl Real for f64 {
    const NAME: &'static str = "f64";
    const LARGEST: f64 = f64::MAX;

    fn rounded(value: f64) -> Self {
        value
    }

    fn widened(self) -> f64 {
        self
    }
}

/// Values on a device.
pub(crate) struct Buffer {
    handle: Handle,
    /// Number of values.
    len: usize,
}

/// A copy to memory under way.
pub(crate) struct Reading<'d>(Pin<Box<dyn Future<Output = Result<Vec<u8>>> + 'd>>);

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
            client: device.map_err(|e| refuse(absent(&e, name)))?.client(),
            name: name.into(),
        })
    }

    /// The device that tests run on: `CURLWIND_TEST_DEVICE`, else `wgpu`.
    #[cfg(test)]
    pub(crate) fn tested() -> Self {
        let name = std::env::var("CURLWIND_TEST_DEVICE");
        Self::open(name.as_deref().unwrap_or("wgpu")).unwrap()
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

    /// Refuses a precision that the device does not have.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(crate) fn require<F: Real>(&self) -> Result<()> {
        if F::NAME == f64::NAME && !self.has_f64() {
            return Err(Error::Device {
                name: self.name.clone(),
                reason: "it does not compute in f64; take f32".into(),
            });
        }
        Ok(())
    }

    /// Refuses as many values as the device cannot hold in one piece, or numbers of 32 bits not tell
    /// apart; `less` says what to take less of.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(crate) fn fits<F: Real>(&self, what: &str, len: usize, less: &str) -> Result<()> {
        let reach = u64::from(u32::MAX) * size_of::<F>() as u64;
        let most = self.client.properties().memory.max_page_size.min(reach);
        let bytes = len as u64 * size_of::<F>() as u64;
        if bytes > most {
            return Err(Error::Device {
                name: self.name.clone(),
                reason: format!(
                    "{what}: {:.2} GiB in one piece, and it can hold {:.2} GiB; take {less}",
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

    /// Values from memory, rounded.
    pub(crate) fn rounded<F: Real>(&self, values: &[f64]) -> Buffer {
        self.upload(&values.iter().map(|&x| F::rounded(x)).collect::<Vec<_>>())
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
        let (cubes, dim) = over(words);
        // SAFETY: the buffer holds as many words
        unsafe {
            let argument = BufferArg::from_raw_parts(buffer.handle.clone(), words);
            clear::launch_unchecked(&self.client, cubes, dim, argument, words as u32);
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

    /// Begins to copy a buffer to memory, behind what was asked for before and in front of what is
    /// asked for after.
    pub(crate) fn begin_read(&self, buffer: &Buffer) -> Reading<'_> {
        // the copy is asked for here, not where its end is waited for
        let copy = self.client.read_async(vec![buffer.handle.clone()]);
        Reading(Box::pin(async move {
            let all = copy.await.map_err(|e| self.failed(e))?;
            Ok(all.first().map_or_else(Vec::new, |bytes| bytes.to_vec()))
        }))
    }

    /// The bytes of that buffer.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn end_read(&self, reading: Reading<'_>) -> Result<Vec<u8>> {
        cubecl::future::block_on(reading.0)
    }

    /// So many values from memory, in the bytes of this machine.
    pub(crate) fn upload_bytes(&self, bytes: &[u8], len: usize) -> Buffer {
        Buffer {
            handle: self.client.create_from_slice(bytes),
            len,
        }
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

/// Why there is no such device.
fn absent(error: &DeviceUnavailable, name: &str) -> String {
    match error {
        DeviceUnavailable::NotLinked(_) => {
            let feature = name.split(':').next().unwrap_or_default();
            format!("this program was compiled without it (cargo feature `{feature}`)")
        }
        DeviceUnavailable::NoSuchDevice { available: 0, .. } => {
            "no such device or driver on this machine".into()
        }
        DeviceUnavailable::NoSuchDevice { available, .. } => {
            format!("expected a number below {available}, as many as there are")
        }
    }
}

/// Threads of a cube over a list.
const UNITS: u32 = 128;
/// Cubes along the first axis, a number that every device can count to.
const ACROSS: u32 = 32768;

/// As many threads as a list has items, and some more.
pub(crate) fn over(count: usize) -> (CubeCount, CubeDim) {
    let cubes = (count as u32).div_ceil(UNITS);
    let count = CubeCount::Static(cubes.min(ACROSS), cubes.div_ceil(ACROSS), 1);
    (count, CubeDim::new_1d(UNITS))
}

/// The number of this thread among those of [`over`].
#[cube]
pub(crate) fn thread() -> u32 {
    (CUBE_POS_Y * CUBE_COUNT_X + CUBE_POS_X) * UNITS + UNIT_POS_X
}

#[cube(launch_unchecked)]
fn clear(words: &mut [u32], count: u32) {
    let at = thread();
    if at < count {
        words[at as usize] = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let device = Device::tested();
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
