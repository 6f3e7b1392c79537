//! The building blocks of a page and their HTML.

use crate::figures::Figure;
use crate::run_folder::format_value;
use std::fmt::Write;

/// A cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text.
    Text(String),
    /// A number, written with four digits and sorted by its value.
    Number(f64),
    /// Nothing.
    Empty,
    /// A value that failed, with the reason; sorted after all numbers.
    Failed(String),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_string())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        if value.is_finite() {
            Self::Number(value)
        } else {
            Self::Failed(value.to_string())
        }
    }
}

impl From<Option<f64>> for Cell {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Self::Empty, Self::from)
    }
}

/// How a remark is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// For information.
    Note,
    /// A limitation, or a rule that is not met.
    Warning,
    /// A failure.
    Failure,
}

/// A part of a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A paragraph.
    Paragraph(String),
    /// A remark that stands out.
    Remark {
        /// How it is meant.
        tone: Tone,
        /// What it says.
        text: String,
    },
    /// A list.
    List(Vec<String>),
    /// Names and values.
    Facts(Vec<(String, String)>),
    /// A table that sorts by its columns.
    Table {
        /// What it shows.
        caption: String,
        /// Column titles.
        heads: Vec<String>,
        /// Rows.
        rows: Vec<Vec<Cell>>,
    },
    /// A figure, as inline SVG with its caption.
    Figure {
        /// The drawing as an SVG element.
        svg: String,
        /// What it shows.
        caption: String,
    },
    /// Program text or a configuration, as it is.
    Code(String),
    /// Blocks that a reader opens.
    Fold {
        /// The line that is seen.
        title: String,
        /// What it hides.
        blocks: Vec<Block>,
    },
}

impl Block {
    /// A figure with its caption.
    pub fn figure(figure: &Figure, caption: &str) -> Self {
        Self::Figure {
            svg: figure.to_svg(),
            caption: caption.to_string(),
        }
    }

    /// The block as HTML. `number` counts figures and tables through the page.
    pub(crate) fn write(&self, html: &mut String, number: &mut Numbers) {
        // Writing into a String cannot fail.
        let _ = match self {
            Self::Paragraph(text) => writeln!(html, "<p>{}</p>", escape(text)),
            Self::Remark { tone, text } => {
                let (class, word) = match tone {
                    Tone::Note => ("note", "Note"),
                    Tone::Warning => ("warning", "Limitation"),
                    Tone::Failure => ("failure", "Failed"),
                };
                writeln!(
                    html,
                    "<p class=\"remark {class}\"><strong>{word}.</strong> {}</p>",
                    escape(text)
                )
            }
            Self::List(items) => {
                let items: String = items
                    .iter()
                    .map(|item| format!("<li>{}</li>", escape(item)))
                    .collect();
                writeln!(html, "<ul>{items}</ul>")
            }
            Self::Facts(facts) => {
                let facts: String = facts
                    .iter()
                    .map(|(name, value)| {
                        format!("<dt>{}</dt><dd>{}</dd>", escape(name), escape(value))
                    })
                    .collect();
                writeln!(html, "<dl>{facts}</dl>")
            }
            Self::Table {
                caption,
                heads,
                rows,
            } => {
                number.tables += 1;
                write_table(html, number.tables, caption, heads, rows)
            }
            Self::Figure { svg, caption } => {
                number.figures += 1;
                let at = number.figures;
                let caption = escape(caption);
                writeln!(
                    html,
                    "<figure id=\"figure-{at}\"><div class=\"drawing\" role=\"img\" \
                     aria-label=\"{caption}\">{svg}</div><figcaption><b>Figure {at}.</b> \
                     {caption}</figcaption></figure>"
                )
            }
            Self::Code(text) => writeln!(html, "<pre><code>{}</code></pre>", escape(text)),
            Self::Fold { title, blocks } => {
                html.push_str(&format!("<details><summary>{}</summary>\n", escape(title)));
                for block in blocks {
                    block.write(html, number);
                }
                writeln!(html, "</details>")
            }
        };
    }
}

/// How many figures and tables came before.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    pub figures: usize,
    pub tables: usize,
}

fn write_table(
    html: &mut String,
    at: usize,
    caption: &str,
    heads: &[String],
    rows: &[Vec<Cell>],
) -> std::fmt::Result {
    let numeric = |column: usize| {
        rows.iter()
            .any(|row| matches!(row.get(column), Some(Cell::Number(_) | Cell::Failed(_))))
    };
    let class = |column: usize| {
        if numeric(column) {
            " class=\"number\""
        } else {
            ""
        }
    };
    // beside the table, which scrolls on a narrow screen
    writeln!(
        html,
        "<p class=\"caption\" id=\"caption-{at}\"><b>Table {at}.</b> {}</p>",
        escape(caption)
    )?;
    writeln!(
        html,
        "<div class=\"table\" id=\"table-{at}\"><table class=\"sortable\" \
         aria-labelledby=\"caption-{at}\">"
    )?;
    html.push_str("<thead><tr>");
    for (column, head) in heads.iter().enumerate() {
        write!(
            html,
            "<th scope=\"col\"{}><button type=\"button\">{}</button></th>",
            class(column),
            escape(head)
        )?;
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for column in 0..heads.len() {
            let class = class(column);
            match row.get(column).unwrap_or(&Cell::Empty) {
                Cell::Text(text) => {
                    write!(html, "<td{class}>{}</td>", escape(text))?;
                }
                Cell::Number(value) => write!(
                    html,
                    "<td{class} data-value=\"{value}\" title=\"{value}\">{}</td>",
                    escape(&format_value(*value).replace('-', "\u{2212}"))
                )?,
                Cell::Failed(why) => write!(
                    html,
                    "<td class=\"number failed\" data-value=\"1e999\" \
                     title=\"{}\">failed</td>",
                    escape(why)
                )?,
                Cell::Empty => write!(html, "<td{class}></td>")?,
            }
        }
        html.push_str("</tr>\n");
    }
    writeln!(html, "</tbody></table></div>")
}

/// Text as it may stand in HTML, also in a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(block: &Block) -> String {
        let mut html = String::new();
        block.write(&mut html, &mut Numbers::default());
        html
    }

    #[test]
    fn nothing_that_is_shown_can_become_markup() {
        let bad = "<script>alert('x')</script>\"&";
        let fold = Block::Fold {
            title: bad.into(),
            blocks: vec![
                Block::Paragraph(bad.into()),
                Block::Code(bad.into()),
                Block::List(vec![bad.into()]),
                Block::Facts(vec![(bad.into(), bad.into())]),
                Block::Remark {
                    tone: Tone::Note,
                    text: bad.into(),
                },
                Block::Table {
                    caption: bad.into(),
                    heads: vec![bad.into()],
                    rows: vec![vec![bad.into()], vec![Cell::Failed(bad.into())]],
                },
            ],
        };
        assert!(!html(&fold).contains("<script"));
    }

    #[test]
    fn failures_and_short_rows_keep_their_place() {
        let table = Block::Table {
            caption: "c".into(),
            heads: vec!["a".into(), "b".into()],
            rows: vec![vec![1.5.into(), f64::NAN.into()], vec![2.0.into()]],
        };
        let text = html(&table);
        assert!(text.contains("data-value=\"1.5\"") && text.contains(">failed</td>"));
        assert_eq!(text.matches("<td").count(), 4);
    }
}
