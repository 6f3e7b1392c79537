//! The folder of a run: made, locked, timed and closed.

use super::lock::{LOCK, is_begun_manifest, lock};
use super::manifest::now;
use super::{InputFile, Machine, Manifest, RunError, Status, sha256_file};
use serde::Serialize;
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What a run is told before it starts; it goes into the manifest.
#[derive(Debug, Clone)]
pub struct Setup {
    scenario: String,
    configuration: Value,
    seed: u64,
    device: String,
    threads: usize,
}

impl Setup {
    /// A run of `scenario` with its full configuration; seed 0, device `cpu`, and as many
    /// threads as there are processors unless said otherwise.
    ///
    /// # Errors
    /// The configuration cannot be written as JSON.
    pub fn new<T: Serialize>(scenario: &str, configuration: &T) -> Result<Self, RunError> {
        Ok(Self {
            scenario: scenario.to_string(),
            configuration: serde_json::to_value(configuration).map_err(RunError::Configuration)?,
            seed: 0,
            device: "cpu".to_string(),
            threads: rayon::current_num_threads(),
        })
    }

    /// With this seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// On this device, e.g. `cuda:0`.
    pub fn device(mut self, device: impl Into<String>) -> Self {
        self.device = device.into();
        self
    }

    /// With this many threads.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }
}

/// The folder of a run under way. One process at a time holds it.
///
/// Dropped without [`RunFolder::finish`] or [`RunFolder::fail`], the manifest goes on
/// saying `running`: so does that of a killed run, and both can be resumed.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    manifest: Mutex<Manifest>,
    /// Held for its lock, which the system drops with the process.
    _lock: File,
}

impl RunFolder {
    /// Makes the folder and its manifest. Nothing is written into a folder that holds
    /// something already.
    ///
    /// # Errors
    /// The folder is not empty, is a file, is in use, or cannot be written.
    pub fn create(path: &Path, setup: Setup) -> Result<Self, RunError> {
        if path.is_file() {
            return Err(RunError::NotAFolder(path.to_path_buf()));
        }
        if path.is_dir() {
            let mut entries =
                fs::read_dir(path).map_err(|reason| RunError::io("read", path, reason))?;
            // A lone lock file is what a run that was refused or killed at once leaves, maybe with
            // the beginnings of a manifest.
            let other = entries.any(|entry| {
                entry.is_ok_and(|entry| {
                    let name = entry.file_name();
                    name != LOCK && !is_begun_manifest(&name)
                })
            });
            if other {
                return Err(RunError::NotEmpty(path.to_path_buf()));
            }
        }
        fs::create_dir_all(path).map_err(|reason| RunError::io("create", path, reason))?;
        let lock = lock(path)?;
        let manifest = Manifest {
            program: env!("CARGO_PKG_NAME").to_string(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            command: std::env::args().collect(),
            scenario: setup.scenario,
            configuration: setup.configuration,
            seed: setup.seed,
            device: setup.device,
            threads: setup.threads,
            ranks: crate::ranks::size(),
            machine: Machine::here(),
            inputs: Vec::new(),
            status: Status::Running,
            started: now(),
            finished: None,
            phases: Vec::new(),
            resumed: 0,
            notes: serde_json::Map::new(),
        };
        manifest.write(path)?;
        Ok(Self {
            path: path.to_path_buf(),
            manifest: Mutex::new(manifest),
            _lock: lock,
        })
    }

    /// Goes on with the run in the folder, which must have been started with the same
    /// scenario, configuration and seed.
    ///
    /// # Errors
    /// There is no run, it is in use, or it was another.
    pub fn resume(path: &Path, setup: Setup) -> Result<Self, RunError> {
        let mut manifest = Manifest::read(path)?;
        let lock = lock(path)?;
        let before = serde_json::json!({
            "scenario": manifest.scenario, "seed": manifest.seed,
            "configuration": manifest.configuration,
        });
        let after = serde_json::json!({
            "scenario": setup.scenario, "seed": setup.seed,
            "configuration": setup.configuration,
        });
        if let Some(difference) = first_difference("", &before, &after) {
            let path = path.to_path_buf();
            return Err(RunError::OtherConfiguration { path, difference });
        }
        manifest.resumed += 1;
        manifest.status = Status::Running;
        manifest.finished = None;
        manifest.device = setup.device;
        manifest.threads = setup.threads;
        manifest.ranks = crate::ranks::size();
        manifest.write(path)?;
        Ok(Self {
            path: path.to_path_buf(),
            manifest: Mutex::new(manifest),
            _lock: lock,
        })
    }

    /// [`RunFolder::resume`] when the folder holds a run, else [`RunFolder::create`].
    ///
    /// # Errors
    /// Those of the two.
    pub fn resume_or_create(path: &Path, setup: Setup) -> Result<Self, RunError> {
        if path.join("manifest.json").is_file() {
            Self::resume(path, setup)
        } else {
            Self::create(path, setup)
        }
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The path of a folder in the folder, made if need be: `figures`, `model`.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn folder(&self, name: &str) -> Result<PathBuf, RunError> {
        let path = self.path.join(name);
        fs::create_dir_all(&path).map_err(|reason| RunError::io("create", &path, reason))?;
        Ok(path)
    }

    /// The manifest as it stands.
    pub fn manifest(&self) -> Manifest {
        self.state().clone()
    }

    /// Records a file that the run reads. A file recorded twice is kept once.
    ///
    /// # Errors
    /// It cannot be read, or the manifest cannot be written.
    pub fn record_input(&self, file: &Path) -> Result<(), RunError> {
        let bytes = fs::metadata(file)
            .map_err(|reason| RunError::io("read", file, reason))?
            .len();
        let input = InputFile {
            path: file.display().to_string(),
            sha256: sha256_file(file)?,
            bytes,
        };
        let mut manifest = self.state();
        manifest.inputs.retain(|known| known.path != input.path);
        manifest.inputs.push(input);
        manifest.write(&self.path)
    }

    /// Keeps a value in the manifest under `notes`.
    ///
    /// # Errors
    /// It is no JSON, or the manifest cannot be written.
    pub fn note<T: Serialize>(&self, name: &str, value: &T) -> Result<(), RunError> {
        let value = serde_json::to_value(value).map_err(RunError::Configuration)?;
        let mut manifest = self.state();
        manifest.notes.insert(name.to_string(), value);
        manifest.write(&self.path)
    }

    /// Starts the clock of a phase; it stops when the guard is dropped.
    ///
    /// # Errors
    /// The manifest cannot be written.
    pub fn phase(&self, name: &str) -> Result<Phase<'_>, RunError> {
        let mut manifest = self.state();
        // The name is there from the start: a killed run shows where it was killed.
        manifest.add_time(name, 0.0);
        manifest.write(&self.path)?;
        Ok(Phase {
            run: self,
            name: name.to_string(),
            start: Instant::now(),
        })
    }

    /// Closes the run as finished.
    ///
    /// # Errors
    /// The manifest cannot be written.
    pub fn finish(self) -> Result<(), RunError> {
        self.close(Status::Finished)
    }

    /// Closes the run as failed, with the reason.
    ///
    /// # Errors
    /// The manifest cannot be written.
    pub fn fail(self, reason: impl std::fmt::Display) -> Result<(), RunError> {
        self.close(Status::Failed {
            reason: reason.to_string(),
        })
    }

    fn close(&self, status: Status) -> Result<(), RunError> {
        let mut manifest = self.state();
        manifest.status = status;
        manifest.finished = Some(now());
        manifest.write(&self.path)
    }

    /// A thread that panicked with the manifest in hand left it whole: each change is
    /// a single push or assignment.
    fn state(&self) -> MutexGuard<'_, Manifest> {
        self.manifest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A phase under way; dropping it adds its wall time to the manifest.
#[derive(Debug)]
pub struct Phase<'r> {
    run: &'r RunFolder,
    name: String,
    start: Instant,
}

impl Phase<'_> {
    /// Seconds since the phase began.
    pub fn elapsed_seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }
}

impl Drop for Phase<'_> {
    fn drop(&mut self) {
        let seconds = self.elapsed_seconds();
        let mut manifest = self.run.state();
        manifest.add_time(&self.name, seconds);
        // A drop cannot fail; closing the run writes again and does report.
        if let Err(error) = manifest.write(&self.run.path) {
            tracing::warn!("the manifest was not updated: {error}");
        }
    }
}

/// The first key at which two configurations differ: `seed was 1, is 2`.
fn first_difference(path: &str, before: &Value, after: &Value) -> Option<String> {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            let names = a
                .keys()
                .chain(b.keys().filter(|name| !a.contains_key(*name)));
            names.into_iter().find_map(|name| {
                let step = match path {
                    "" | "configuration" => name.clone(),
                    _ => format!("{path}.{name}"),
                };
                let missing = &Value::Null;
                first_difference(
                    &step,
                    a.get(name).unwrap_or(missing),
                    b.get(name).unwrap_or(missing),
                )
            })
        }
        _ if before == after => None,
        _ => Some(format!("{path} was {before}, is {after}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn setup() -> Setup {
        Setup::new("demo", &json!({"solver": {"truncation": 42}}))
            .unwrap()
            .seed(7)
            .threads(2)
    }

    #[test]
    fn a_run_from_start_to_end() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("deep/run");
        let input = parent.path().join("in.txt");
        fs::write(&input, "abc").unwrap();
        let run = RunFolder::create(&path, setup()).unwrap();
        assert_eq!(Manifest::read(&path).unwrap().status, Status::Running);
        run.record_input(&input).unwrap();
        run.record_input(&input).unwrap();
        {
            let phase = run.phase("integrate").unwrap();
            std::thread::sleep(std::time::Duration::from_millis(5));
            assert!(phase.elapsed_seconds() > 0.0);
        }
        run.note("steps", &12).unwrap();
        run.finish().unwrap();
        let manifest = Manifest::read(&path).unwrap();
        assert_eq!(manifest.status, Status::Finished);
        assert_eq!(
            (manifest.seed, manifest.threads, manifest.inputs.len()),
            (7, 2, 1)
        );
        assert!(manifest.phase_seconds("integrate") >= 0.005);
        assert_eq!(manifest.phase_seconds("train"), 0.0);
        assert_eq!(manifest.notes["steps"], 12);
        assert!(manifest.finished.is_some());
    }

    #[test]
    fn a_folder_in_use_or_not_empty_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("run");
        let run = RunFolder::create(&path, setup()).unwrap();
        assert!(matches!(
            RunFolder::create(&path, setup()),
            Err(RunError::NotEmpty(_))
        ));
        assert!(matches!(
            RunFolder::resume(&path, setup()),
            Err(RunError::InUse(_))
        ));
        drop(run);
        RunFolder::resume(&path, setup())
            .unwrap()
            .fail("NaN at step 3")
            .unwrap();
        let manifest = Manifest::read(&path).unwrap();
        assert_eq!(
            manifest.status,
            Status::Failed {
                reason: "NaN at step 3".into()
            }
        );
        assert_eq!(manifest.resumed, 1);
    }

    #[test]
    fn what_a_killed_process_began_of_a_manifest_goes_with_the_next() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("run");
        let begun = path.join("manifest.json.41.part");
        fs::create_dir(&path).unwrap();
        fs::write(&begun, "{").unwrap();
        RunFolder::create(&path, setup()).unwrap().finish().unwrap();
        assert!(!begun.exists());
        fs::write(&begun, "{").unwrap();
        RunFolder::resume(&path, setup()).unwrap();
        assert!(!begun.exists());
    }

    #[test]
    fn a_resumed_run_must_be_the_same() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("run");
        assert!(matches!(
            RunFolder::resume(&path, setup()),
            Err(RunError::NothingToResume(_))
        ));
        RunFolder::create(&path, setup()).unwrap().finish().unwrap();
        let other = Setup::new("demo", &json!({"solver": {"truncation": 85}}))
            .unwrap()
            .seed(7);
        let error = RunFolder::resume_or_create(&path, other)
            .unwrap_err()
            .to_string();
        assert!(error.contains("solver.truncation was 42, is 85"), "{error}");
        let other = setup().seed(8);
        let error = RunFolder::resume(&path, other).unwrap_err().to_string();
        assert!(error.contains("seed was 7, is 8"), "{error}");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        fs::write(&file, "x").unwrap();
        assert!(matches!(
            RunFolder::create(&file, setup()),
            Err(RunError::NotAFolder(_))
        ));
        let error = RunFolder::create(&file.join("run"), setup())
            .unwrap_err()
            .to_string();
        assert!(error.contains("cannot create"), "{error}");
        fs::write(parent.path().join("manifest.json"), "{}").unwrap();
        let error = RunFolder::resume(parent.path(), setup())
            .unwrap_err()
            .to_string();
        assert!(error.contains("not a manifest"), "{error}");
    }
}
