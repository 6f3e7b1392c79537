//! Reports: one HTML file that holds all it shows.
//!
//! A [`Page`] is a title, a summary and sections; a section is a list of blocks: text,
//! tables that sort by a click, figures, key-value lists, code. Nothing is fetched: the
//! style sheet, the few lines of script and the pictures are in the file, so that it can
//! be mailed, archived and printed. It follows the reader's light or dark setting and
//! folds to one column on a phone.
//!
//! ```
//! use curlwind::report::{Page, Section};
//! let page = Page::new("Galewsky jet, T42", "The surrogate beats persistence to day 5.")
//!     .section(Section::new("Scores").paragraph("Area-weighted, against the solver."));
//! assert!(page.to_html().starts_with("<!doctype html>"));
//! ```

mod block;
mod markdown;
mod page;
mod run;

pub use block::{Block, Cell, Tone};
pub use page::{Page, Section};
pub use run::{run_page, save_figures, write_run};
