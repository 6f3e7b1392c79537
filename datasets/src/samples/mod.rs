//! Training pairs of fields on a rectangle.
//!
//! A store is a folder: `samples.json` (the layout and the fingerprint of the configuration that
//! makes it) and HDF5 files of some samples each. A file is written under a temporary name and
//! renamed when it is complete, so a process killed at any moment leaves only whole files, and a
//! resumed run makes exactly those that are missing.
//!
//! Each file has `fields` `[sample][channel][y][x]`, float32, one chunk per sample, shuffle and
//! deflate; `x` and `y` in metres; and `descriptions`, a line of JSON about each sample.

mod layout;
mod read;
mod write;

pub use layout::SampleLayout;
pub use read::SampleStore;
pub use write::SampleStoreWriter;

/// Whether the folder is a store of samples.
pub(crate) fn is_store(path: &std::path::Path) -> bool {
    use crate::store::claim::FolderLayout;
    path.join(SampleLayout::FILE).is_file()
}
