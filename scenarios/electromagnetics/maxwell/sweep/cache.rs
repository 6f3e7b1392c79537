//! Solved designs on disk, under a hash of what produced them.

use super::super::Loaded;
use super::super::scene::SurrogateEntry;
use super::super::solve::Solution;
use crate::error::{Error, Result};
use crate::run_folder::write_atomically;
use curlwind_datasets::touchstone::Network;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The folder with one subfolder for each design.
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The cache in a folder, which is made if need be.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)
            .map_err(|error| Error::failed(format!("{}: {error}", folder.display())))?;
        Ok(Self {
            folder: folder.to_path_buf(),
        })
    }

    /// Hash of all that decides a design's result: the scene with its formulas worked out, and
    /// the version of the program.
    pub fn key(loaded: &Loaded) -> String {
        let mut scene = loaded.scene.clone();
        scene.title = String::new();
        scene.seed = 0;
        scene.sweep = None;
        scene.surrogate = SurrogateEntry::default();
        scene.compare = None;
        scene.parameters.clear();
        let text = serde_json::to_string(&scene).unwrap_or_default();
        let mut hash = Sha256::new();
        hash.update(env!("CARGO_PKG_VERSION"));
        hash.update(text);
        hash.finalize()
            .iter()
            .take(8)
            .map(|b| format!("{b:02x}"))
            .collect()
    }

    /// The folder of a design.
    pub fn folder(&self, key: &str) -> PathBuf {
        self.folder.join(key)
    }

    /// A solution of an earlier run, if it is whole.
    pub fn get(&self, key: &str) -> Option<Solution> {
        let folder = self.folder(key);
        let text = std::fs::read_to_string(folder.join("solution.json")).ok()?;
        let mut solution: Solution = serde_json::from_str(&text).ok()?;
        let touchstone = std::fs::read_dir(&folder)
            .ok()?
            .filter_map(|entry| entry.ok().map(|e| e.path()))
            .find(|path| {
                let ending = path.extension().unwrap_or_default().to_string_lossy();
                ending.starts_with('s') && ending.ends_with('p')
            })?;
        solution.network = Some(Network::read(&touchstone).ok()?);
        Some(solution)
    }

    /// Keeps a solution. The Touchstone file comes first: `solution.json` says that all is there.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn put(
        &self,
        key: &str,
        name: &str,
        solution: &Solution,
        variables: &[(String, String)],
    ) -> Result<()> {
        let folder = self.folder(key);
        std::fs::create_dir_all(&folder)
            .map_err(|error| Error::failed(format!("{}: {error}", folder.display())))?;
        if let Some(network) = &solution.network {
            let mut network = network.clone();
            network.variables = variables.to_vec();
            let path = folder.join(network.file_name(name));
            network.write(&path).map_err(Error::failed)?;
        }
        let text = serde_json::to_string(solution).map_err(Error::failed)?;
        write_atomically(&folder.join("solution.json"), text.as_bytes())?;
        Ok(())
    }
}
