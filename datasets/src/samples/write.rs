//! Writing a store of samples, from many threads at once if need be.

use hdf5::types::VarLenUnicode;
use ndarray::ArrayView4;
use std::path::{Path, PathBuf};

use super::layout::SampleLayout;
use crate::array_file::{create_file, put_text};
use crate::arrays::reason;
use crate::store::claim::{agree, claim};
use crate::{Error, Result, disk};

/// Level 1: float fields hardly shrink further, and it reads fast.
const DEFLATE: u8 = 1;

/// Makes or completes a store. Share it by reference between the threads that produce samples.
#[derive(Debug)]
pub struct SampleStoreWriter {
    folder: PathBuf,
    layout: SampleLayout,
    /// Held while this writer lives, so that two runs do not write one store; by one of the
    /// processes that share a run.
    _lock: Option<std::fs::File>,
}

impl SampleStoreWriter {
    /// Creates the folder, or goes on with it if its layout is the same.
    ///
    /// # Errors
    /// [`Error::Fingerprint`] if another configuration made it; [`Error::Shape`] if the layout
    /// differs all the same; [`Error::Io`] if the folder cannot be made, holds something else, or
    /// is being written by another process.
    pub fn create_or_resume(path: impl AsRef<Path>, layout: &SampleLayout) -> Result<Self> {
        let folder = path.as_ref().to_path_buf();
        let lock = claim(&folder, layout)?;
        Ok(Self {
            folder,
            layout: layout.clone(),
            _lock: Some(lock),
        })
    }

    /// A writer beside that of another process of the same run, which has made the folder and keeps
    /// others off. Which of them writes a file is for the processes to agree on.
    ///
    /// # Errors
    /// As [`create_or_resume`](Self::create_or_resume); [`Error::Io`] if there is no folder.
    pub fn beside(path: impl AsRef<Path>, layout: &SampleLayout) -> Result<Self> {
        let folder = path.as_ref().to_path_buf();
        agree(&folder, layout)?;
        Ok(Self {
            folder,
            layout: layout.clone(),
            _lock: None,
        })
    }

    /// True if a file is there.
    pub fn is_complete(&self, file: usize) -> bool {
        SampleLayout::path(&self.folder, file).is_file()
    }

    /// Numbers of the files not yet there, ascending.
    pub fn missing(&self) -> Vec<usize> {
        (0..self.layout.files())
            .filter(|file| !self.is_complete(*file))
            .collect()
    }

    /// Writes the samples of a file, `[sample][channel][y][x]`, with a line about each.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are not as many as the layout says; [`Error::Invalid`] with the
    /// place of a value that is not finite; [`Error::Write`], e.g. when the disk is full.
    pub fn write(&self, file: usize, fields: &[f32], descriptions: &[String]) -> Result<()> {
        let range = self.layout.range(file);
        let [channels, rows, columns] = self.layout.shape();
        let view = ArrayView4::from_shape((range.len(), channels, rows, columns), fields);
        let view = view.map_err(|_| Error::Shape {
            what: format!("samples {} to {}", range.start, range.end),
            expected: format!("{:?}", [range.len(), channels, rows, columns]),
            found: format!("{} values", fields.len()),
        })?;
        if descriptions.len() != range.len() || range.is_empty() {
            return Err(Error::Shape {
                what: format!("descriptions of file {file}"),
                expected: range.len().to_string(),
                found: descriptions.len().to_string(),
            });
        }
        if let Some(((sample, channel, ..), value)) =
            view.indexed_iter().find(|(_, value)| !value.is_finite())
        {
            let name = &self.layout.channels[channel].name;
            let what = format!("sample {}, {name}", range.start + sample);
            return Err(Error::invalid(what, "finite numbers", value));
        }
        let path = SampleLayout::path(&self.folder, file);
        disk::require(&self.folder, 4 * fields.len() as u64, &path)?;
        let temporary = path.with_extension("h5.partial");
        let failed = |e: hdf5::Error| {
            let _ = std::fs::remove_file(&temporary);
            Error::Write {
                path: path.clone(),
                reason: reason(&e),
            }
        };
        write(&temporary, &self.layout, file, view, descriptions).map_err(failed)?;
        std::fs::rename(&temporary, &path).map_err(|source| Error::Io { path, source })
    }
}

fn write(
    path: &Path,
    layout: &SampleLayout,
    number: usize,
    fields: ArrayView4<f32>,
    descriptions: &[String],
) -> hdf5::Result<()> {
    let file = create_file(path)?;
    let (_, channels, rows, columns) = fields.dim();
    let dataset = file
        .new_dataset_builder()
        .chunk((1, channels, rows, columns))
        .shuffle()
        .deflate(DEFLATE)
        .with_data(fields)
        .create("fields")?;
    put_text(&dataset, "dimensions", "sample channel y x")?;
    let names: Vec<&str> = layout.channels.iter().map(|c| c.name.as_str()).collect();
    let units: Vec<&str> = layout.channels.iter().map(|c| c.units.as_str()).collect();
    put_text(&dataset, "channels", &names.join(", "))?;
    put_text(&dataset, "units", &units.join(", "))?;
    for (name, values) in [("x", &layout.x), ("y", &layout.y)] {
        let coordinate = file.new_dataset_builder().with_data(values).create(name)?;
        put_text(&coordinate, "units", "m")?;
    }
    let texts: Vec<VarLenUnicode> = descriptions
        .iter()
        .map(|text| {
            text.parse()
                .map_err(|_| hdf5::Error::from("text with a NUL"))
        })
        .collect::<hdf5::Result<_>>()?;
    file.new_dataset_builder()
        .with_data(&texts)
        .create("descriptions")?;
    put_text(&file, "fingerprint", &layout.fingerprint)?;
    for (name, text) in &layout.attributes {
        put_text(&file, name, text)?;
    }
    file.new_attr::<u64>()
        .create("first_sample")?
        .write_scalar(&(layout.range(number).start as u64))?;
    file.flush()?;
    file.close()
}
