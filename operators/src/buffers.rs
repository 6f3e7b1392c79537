//! Constant matrices that follow from a grid and are built once per grid, device and precision.

use burn::tensor::{DType, Device, Tensor, TensorData};
use std::sync::{Arc, Mutex};

/// A constant tensor from f64 values; never tracked, so it serves training and inference alike.
pub(crate) fn matrix<const D: usize>(
    values: Vec<f64>,
    shape: [usize; D],
    device: &Device,
    dtype: DType,
) -> Tensor<D> {
    let device = device.clone().without_autodiff();
    Tensor::from_data(TensorData::new(values, shape), (&device, dtype))
}

/// Most recently used buffers of a layer, so that a network runs on the grid it is given.
///
/// Holds a few grids: training and validation may alternate between two.
///
/// Clones share the entries: the key names the device.
#[derive(Debug)]
pub(crate) struct GridCache<T> {
    entries: Arc<Mutex<Vec<Entry<T>>>>,
}

#[derive(Debug)]
struct Entry<T> {
    key: (Vec<usize>, Device, DType),
    value: Arc<T>,
}

const CAPACITY: usize = 4;

impl<T> GridCache<T> {
    /// The buffers of a grid shape, built by `build` on a device without autodiff when missing.
    pub(crate) fn get<const N: usize>(
        &self,
        shape: [usize; N],
        device: &Device,
        dtype: DType,
        build: impl FnOnce(&Device) -> T,
    ) -> Arc<T> {
        let device = device.clone().without_autodiff();
        let key = (shape.to_vec(), device, dtype);
        // A poisoned lock only means that another thread failed while building its own entry.
        let mut entries = self
            .entries
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(at) = entries.iter().position(|entry| entry.key == key) {
            let entry = entries.remove(at);
            let value = entry.value.clone();
            entries.insert(0, entry);
            return value;
        }
        let value = Arc::new(build(&key.1));
        entries.insert(
            0,
            Entry {
                key,
                value: value.clone(),
            },
        );
        entries.truncate(CAPACITY);
        value
    }
}

impl<T> Default for GridCache<T> {
    fn default() -> Self {
        Self {
            entries: Arc::default(),
        }
    }
}

impl<T> Clone for GridCache<T> {
    fn clone(&self) -> Self {
        Self {
            entries: self.entries.clone(),
        }
    }
}
