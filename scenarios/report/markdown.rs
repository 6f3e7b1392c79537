//! A page as Markdown, for places where HTML does not go. Figures are the files beside it.

use super::block::{Block, Cell, Tone};
use super::page::{Page, Section};
use crate::run_folder::format_value;

impl Page {
    /// The page as Markdown; figures are `figures/figure_1.svg` and so on, in their order.
    pub fn to_markdown(&self) -> String {
        let mut text = format!(
            "# {}\n\n{}\n\n**{}**\n",
            line(self.title()),
            line(self.small_line()),
            line(self.summary())
        );
        let mut figures = 0;
        for section in self.sections().iter().filter(|s| !s.is_empty()) {
            text += &format!("\n## {}\n", line(section.title()));
            blocks(&mut text, section, &mut figures);
        }
        text
    }
}

fn blocks(text: &mut String, section: &Section, figures: &mut usize) {
    for block in section.blocks() {
        text.push('\n');
        write(text, block, figures);
    }
}

fn write(text: &mut String, block: &Block, figures: &mut usize) {
    match block {
        Block::Paragraph(words) => *text += &format!("{}\n", line(words)),
        Block::Remark { tone, text: words } => {
            let head = match tone {
                Tone::Note => "Note",
                Tone::Warning => "Limitation",
                Tone::Failure => "Failed",
            };
            *text += &format!("> **{head}.** {}\n", line(words));
        }
        Block::List(items) => items
            .iter()
            .for_each(|item| *text += &format!("- {}\n", line(item))),
        Block::Facts(facts) => {
            for (name, value) in facts {
                *text += &format!("- {}: {}\n", line(name), line(value));
            }
        }
        Block::Table {
            caption,
            heads,
            rows,
        } => {
            *text += &format!(
                "{}\n\n| {} |\n|",
                line(caption),
                cells(heads.iter().map(String::as_str))
            );
            *text += &"---|".repeat(heads.len());
            text.push('\n');
            for row in rows {
                let written: Vec<String> = (0..heads.len()).map(|at| cell(row.get(at))).collect();
                *text += &format!("| {} |\n", cells(written.iter().map(String::as_str)));
            }
        }
        Block::Figure { caption, .. } => {
            *figures += 1;
            let words = line(caption);
            *text += &format!("![{words}](figures/figure_{figures}.svg)\n\n{words}\n");
        }
        Block::Code(code) => *text += &format!("```\n{}\n```\n", code.trim_end()),
        Block::Fold { title, blocks } => {
            *text += &format!("{}\n", line(title));
            for block in blocks {
                text.push('\n');
                write(text, block, figures);
            }
        }
    }
}

fn cells<'c>(of: impl Iterator<Item = &'c str>) -> String {
    of.map(|cell| line(cell).replace('|', "\\|"))
        .collect::<Vec<_>>()
        .join(" | ")
}

fn cell(cell: Option<&Cell>) -> String {
    match cell {
        Some(Cell::Text(text)) => text.clone(),
        Some(Cell::Number(value)) => format_value(*value),
        Some(Cell::Failed(reason)) => format!("failed: {reason}"),
        Some(Cell::Empty) | None => String::new(),
    }
}

/// Text that stays on its line and is not taken for markup.
fn line(text: &str) -> String {
    text.replace('\n', " ").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_is_written() {
        let section = Section::new("One")
            .paragraph("a <b>")
            .remark(Tone::Warning, "w")
            .table("t", &["x", "y|z"], vec![vec![1.5.into()]])
            .block(Block::List(vec!["item".into()]))
            .block(Block::Code("code".into()));
        let page = Page::new("Title", "Summary").section(section);
        let text = page.to_markdown();
        for part in [
            "# Title",
            "**Summary**",
            "## One",
            "a &lt;b>",
            "> **Limitation.** w",
            "| x | y\\|z |\n|---|---|\n| 1.500 |  |",
            "- item",
            "```\ncode\n```",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
