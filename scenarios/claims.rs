//! Pieces of work shared out among processes: each takes its own share first, then what is left.
//!
//! A process takes a piece by making a file that did not exist, which one process alone can do; so
//! nobody need be asked, and nobody waits for a slow one. Claims count in the launch that made them:
//! what a killed run has claimed and not done, the next one does.

use crate::error::{Error, Result};
use crate::on_cores::on_cores;
use crate::ranks;
use sha2::{Digest, Sha256};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The claims of a launch: a folder, on a file system that all processes see.
pub struct Claims {
    folder: PathBuf,
}

impl Claims {
    /// Begins to share out work, all processes together: those of earlier launches are forgotten
    /// before anybody claims anything. `None` where there is one process.
    ///
    /// # Errors
    /// A folder that cannot be made; another process that failed.
    pub fn begin(folder: &Path) -> Result<Option<Self>> {
        if ranks::size() == 1 {
            return Ok(None);
        }
        if ranks::rank() == 0 {
            let failed = |e| Error::failed(format!("{}: {e}", folder.display()));
            if folder.exists() {
                std::fs::remove_dir_all(folder).map_err(failed)?;
            }
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        ranks::meet()?;
        Ok(Some(Self {
            folder: folder.to_path_buf(),
        }))
    }

    /// Takes a piece; `false` when it is another's.
    ///
    /// # Errors
    /// When the file system refuses for another reason than that.
    fn take(&self, name: &str) -> Result<bool> {
        let path = self.folder.join(name);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(_) => Ok(true),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
            Err(e) => Err(Error::failed(format!("{}: {e}", path.display()))),
        }
    }

    /// Whether a piece was taken in this launch.
    pub fn is_taken(&self, name: &str) -> bool {
        self.folder.join(name).exists()
    }

    /// Leaves word about a piece that was taken.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note(&self, name: &str, text: &str) -> Result<()> {
        let path = self.folder.join(name);
        OpenOptions::new()
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|e| Error::failed(format!("{}: {e}", path.display())))
    }

    /// What was left about a piece, if anything.
    pub fn noted(&self, name: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.folder.join(name)).ok()?;
        (!text.is_empty()).then_some(text)
    }

    /// Number of pieces taken.
    pub fn count(&self) -> usize {
        std::fs::read_dir(&self.folder).map_or(0, Iterator::count)
    }

    /// Forgets all claims.
    pub fn end(self) {
        // what is left of them does not count in the next launch
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// How the pieces of one process are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// One on each core at a time.
    OnCores,
    /// One after the other, each on all cores.
    InTurn,
}

/// Does the pieces with these names that are not done, this process's share of them first, and waits
/// for the others. With no claims all pieces are this process's.
///
/// # Errors
/// The first of `work`.
pub fn share_out(
    claims: Option<&Claims>,
    names: &[String],
    pace: Pace,
    is_done: impl Fn(usize) -> bool + Sync,
    work: impl Fn(usize) -> Result<()> + Sync,
) -> Result<()> {
    let order = order(names, ranks::rank(), ranks::size());
    let one = |n: usize| {
        let piece = order[n];
        if is_done(piece) {
            return Ok(());
        }
        match claims {
            Some(claims) if !claims.take(&names[piece])? => Ok(()),
            _ => work(piece),
        }
    };
    match pace {
        Pace::OnCores => on_cores(order.len(), one).map(|_| ())?,
        Pace::InTurn => (0..order.len()).try_for_each(one)?,
    }
    match claims {
        Some(_) => ranks::meet(),
        None => Ok(()),
    }
}

/// The pieces whose hash is this process's first, then those of the one after it, and so on.
fn order(names: &[String], rank: usize, size: usize) -> Vec<usize> {
    let distance = |piece: &usize| {
        let hash = Sha256::digest(&names[*piece]);
        let number = hash
            .iter()
            .take(8)
            .fold(0u64, |n, b| n << 8 | u64::from(*b));
        ((number % size as u64) as usize + size - rank) % size
    };
    let mut all: Vec<usize> = (0..names.len()).collect();
    all.sort_by_cached_key(distance);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("{n:04x}")).collect()
    }

    #[test]
    fn shares_begin_apart_and_cover_all() {
        let names = names(100);
        let orders: Vec<_> = (0..3).map(|rank| order(&names, rank, 3)).collect();
        let firsts: Vec<_> = orders.iter().map(|o| o[0]).collect();
        assert_eq!(
            firsts
                .iter()
                .collect::<std::collections::HashSet<_>>()
                .len(),
            3
        );
        for mut order in orders {
            order.sort_unstable();
            assert!(order.into_iter().eq(0..100));
        }
        assert!(order(&names, 0, 1).into_iter().eq(0..100));
    }

    #[test]
    fn each_piece_is_taken_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let claims = Claims {
            folder: folder.path().to_path_buf(),
        };
        let names = names(200);
        let done = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for rank in 0..4 {
                let (claims, names, done) = (&claims, &names, &done);
                scope.spawn(move || {
                    for piece in order(names, rank, 4) {
                        if claims.take(&names[piece]).expect("taken or not") {
                            done.lock().expect("a list").push(piece);
                        }
                    }
                });
            }
        });
        let mut done = done.into_inner().expect("a list");
        done.sort_unstable();
        assert!(done.into_iter().eq(0..200));
        assert_eq!(claims.count(), 200);
        assert_eq!(claims.noted("0001"), None);
        claims.note("0001", "no solution").expect("written");
        assert_eq!(claims.noted("0001").as_deref(), Some("no solution"));
        assert!(claims.is_taken("0001") && !claims.is_taken("other"));
    }
}
