//! Real data that the program carries, so that one binary is enough.
//!
//! Contains modified Copernicus Climate Change Service information; sources and licences are in
//! `datasets/data/README.md`.

use crate::error::{Error, Result};
use crate::run_folder::write_atomically;
use std::path::{Path, PathBuf};

/// A file inside the program.
pub struct Carried {
    name: &'static str,
    bytes: &'static [u8],
}

/// ERA5 analysis of 1959-01-02 00 UTC: u, v and z on the 32 x 64 Gaussian grid, several levels.
pub const ANALYSIS: Carried = Carried {
    name: "era5_500hpa_19590102T00.nc",
    bytes: include_bytes!("../../../datasets/data/era5_500hpa_19590102T00.nc"),
};

/// ERA5 ensemble, 2017-01-01 00 UTC to 2017-01-02 12 UTC: z at 500 hPa on a 3-degree grid.
pub const ENSEMBLE: Carried = Carried {
    name: "era5_members_2017_z500.nc",
    bytes: include_bytes!("../../../datasets/data/era5_members_2017_z500.nc"),
};

impl Carried {
    /// Writes the file into `folder`, unless it is there, and returns its path.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn write_into(&self, folder: &Path) -> Result<PathBuf> {
        let path = folder.join(self.name);
        let present = std::fs::metadata(&path).is_ok_and(|m| m.len() == self.bytes.len() as u64);
        if !present {
            std::fs::create_dir_all(folder)
                .map_err(|error| Error::failed(format!("{}: {error}", folder.display())))?;
            write_atomically(&path, self.bytes).map_err(Error::failed)?;
        }
        Ok(path)
    }
}
