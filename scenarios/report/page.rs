//! A page: head, sections, style and script.

use super::block::{Block, Cell, Numbers, Tone, escape};
use crate::figures::Figure;
use crate::run_folder::{RunError, write_atomically};
use std::path::Path;

const STYLE: &str = include_str!("assets/page.css");
const SCRIPT: &str = include_str!("assets/page.js");

/// A part of a page under a heading.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    title: String,
    blocks: Vec<Block>,
}

impl Section {
    /// An empty section.
    pub fn new(title: &str) -> Self {
        Self {
            title: title.to_string(),
            blocks: Vec::new(),
        }
    }

    /// With one more block.
    pub fn block(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// With a paragraph.
    pub fn paragraph(self, text: &str) -> Self {
        self.block(Block::Paragraph(text.to_string()))
    }

    /// With a remark.
    pub fn remark(self, tone: Tone, text: &str) -> Self {
        self.block(Block::Remark {
            tone,
            text: text.to_string(),
        })
    }

    /// With a figure.
    pub fn figure(self, figure: &Figure, caption: &str) -> Self {
        self.block(Block::figure(figure, caption))
    }

    /// With a table.
    pub fn table(self, caption: &str, heads: &[&str], rows: Vec<Vec<Cell>>) -> Self {
        let heads = heads.iter().map(ToString::to_string).collect();
        self.block(Block::Table {
            caption: caption.to_string(),
            heads,
            rows,
        })
    }

    /// With names and values.
    pub fn facts(self, facts: Vec<(String, String)>) -> Self {
        self.block(Block::Facts(facts))
    }

    /// Its heading.
    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// What it holds.
    pub(super) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }
}

/// A report.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    title: String,
    summary: String,
    kicker: String,
    sections: Vec<Section>,
}

impl Page {
    /// A page with a title and one or two sentences that say what came out.
    pub fn new(title: &str, summary: &str) -> Self {
        Self {
            title: title.to_string(),
            summary: summary.to_string(),
            kicker: format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
            sections: Vec::new(),
        }
    }

    /// With this small line over the title. The default is the program and its version.
    pub fn kicker(mut self, kicker: &str) -> Self {
        self.kicker = kicker.to_string();
        self
    }

    /// With a section before all others.
    pub fn opening(mut self, section: Section) -> Self {
        self.sections.insert(0, section);
        self
    }

    /// With one more section.
    pub fn section(mut self, section: Section) -> Self {
        self.sections.push(section);
        self
    }

    pub(super) fn title(&self) -> &str {
        &self.title
    }

    pub(super) fn summary(&self) -> &str {
        &self.summary
    }

    pub(super) fn small_line(&self) -> &str {
        &self.kicker
    }

    pub(super) fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The page as one HTML file.
    pub fn to_html(&self) -> String {
        let title = escape(&self.title);
        let mut html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <link rel=\"icon\" href=\"data:,\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n\
             <p class=\"kicker\">{}</p>\n<h1>{title}</h1>\n<p class=\"summary\">{}</p>\n",
            escape(&self.kicker),
            escape(&self.summary),
        );
        let shown = || {
            self.sections
                .iter()
                .enumerate()
                .filter(|(_, section)| !section.is_empty())
        };
        if shown().count() > 2 {
            html.push_str("<nav aria-label=\"Contents\">");
            for (at, section) in shown() {
                html.push_str(&format!(
                    "<a href=\"#s{at}\">{}</a> ",
                    escape(&section.title)
                ));
            }
            html.push_str("</nav>\n");
        }
        html.push_str("</header>\n<main>\n");
        let mut numbers = Numbers::default();
        for (at, section) in shown() {
            html.push_str(&format!(
                "<section id=\"s{at}\">\n<h2>{}</h2>\n",
                escape(&section.title)
            ));
            for block in &section.blocks {
                block.write(&mut html, &mut numbers);
            }
            html.push_str("</section>\n");
        }
        html.push_str(&format!(
            "</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"
        ));
        html
    }

    /// Writes the page, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), RunError> {
        write_atomically(path, self.to_html().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_fetches_nothing() {
        let html = Page::new("T & T", "fine")
            .section(Section::new("One").figure(&Figure::new(10.0, 10.0), "empty"))
            .section(Section::new("Nothing"))
            .to_html();
        let addresses = html.replace("http://www.w3.org/2000/svg", "");
        assert!(!addresses.contains("http") && !addresses.contains("@import"));
        assert!(html.contains("<title>T &amp; T</title>") && !html.contains(">Nothing<"));
        assert_eq!(
            html,
            Page::new("T & T", "fine")
                .section(Section::new("One").figure(&Figure::new(10.0, 10.0), "empty"))
                .section(Section::new("Nothing"))
                .to_html()
        );
    }
}
