//! The run folder: everything that a run needed and made, complete in itself.
//!
//! ```text
//! RUN/manifest.json     what was run, where, when and how long each phase took
//! RUN/scores.json       flat rows that one reader serves for every command
//! RUN/output.nc  RUN/model/  RUN/checkpoint/  RUN/figures/  RUN/report.html
//! ```
//!
//! ```
//! use curlwind::run_folder::{RunFolder, ScoreRow, Scores, Setup};
//! # let parent = tempfile::tempdir()?;
//! # let path = parent.path().join("run");
//! let setup = Setup::new("shallow-water", &serde_json::json!({"truncation": 42}))?;
//! let run = RunFolder::create(&path, setup)?;
//! {
//!     let _integrating = run.phase("integrate")?;
//!     // ... the work ...
//! }
//! let mut scores = Scores::new();
//! scores.push(ScoreRow::new("galewsky", "solver@T42", "h", "l2", 1.2e-3).at_lead(144.0));
//! scores.write(&run.file("scores.json"))?;
//! run.finish()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod atomic;
mod disk;
mod error;
mod folder;
mod lock;
mod machine;
mod manifest;
mod scores;
mod table;

pub use atomic::{JsonLines, sha256_file, write_atomically};
pub use disk::{describe_bytes, require_free_space};
pub use error::RunError;
pub use folder::{Phase, RunFolder, Setup};
pub use machine::Machine;
pub use manifest::{InputFile, Manifest, PhaseTime, Status, now};
pub use scores::{At, ScoreRow, Scores};
pub(crate) use table::in_common;
pub use table::{Align, Table, format_duration, format_value, score_table};
