//! A scenario as read, whatever its physics.

use super::Document;
use crate::error::{Error, Result};

/// The settings of a kind of scenario.
pub trait Configuration: Sized {
    /// From the text.
    ///
    /// # Errors
    /// Unknown key, wrong unit, wrong value.
    fn decode(document: &Document) -> Result<Self>;

    /// The seed of everything random, which the command line may set.
    fn seed(&mut self) -> &mut u64;

    /// What can be checked before any work, and depends on several keys at once.
    ///
    /// # Errors
    /// Values that do not go together.
    fn check(loaded: &Loaded<Self>) -> Result<()>;
}

/// A scenario's name and settings, with what is needed to refuse its values by file and line.
pub struct Loaded<S> {
    /// The name it was asked for by.
    pub name: String,
    /// Its values.
    pub settings: S,
    document: Document,
}

impl<S: Configuration> Loaded<S> {
    /// Reads a scenario and checks what can be checked before any work.
    ///
    /// # Errors
    /// Unknown key, wrong unit, wrong value: with the place, what was expected and the nearest
    /// valid name.
    pub fn read(name: &str, document: &Document, seed: Option<u64>) -> Result<Self> {
        let mut settings = S::decode(document)?;
        if let Some(seed) = seed {
            *settings.seed() = seed;
        }
        let loaded = Self {
            name: name.to_string(),
            settings,
            document: document.clone(),
        };
        S::check(&loaded)?;
        Ok(loaded)
    }
}

impl<S> Loaded<S> {
    /// The error that refuses the value at `path`, naming its file and line.
    pub fn refuse(&self, path: &str, reason: impl std::fmt::Display) -> Error {
        self.document.refuse(path, reason).into()
    }
}
