//! Tables for a terminal of 80 columns.

use super::{At, ScoreRow};

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// A table of texts.
#[derive(Debug, Clone, Default)]
pub struct Table {
    heads: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new<'h>(heads: impl IntoIterator<Item = (&'h str, Align)>) -> Self {
        let heads = heads
            .into_iter()
            .map(|(head, align)| (head.to_string(), align))
            .collect();
        Self {
            heads,
            rows: Vec::new(),
        }
    }

    /// Adds a row; missing cells are empty, surplus cells are left out.
    pub fn push(&mut self, row: impl IntoIterator<Item = String>) {
        let mut row: Vec<String> = row.into_iter().collect();
        row.resize(self.heads.len(), String::new());
        self.rows.push(row);
    }

    /// The table as text of at most `width` columns where its numbers allow: columns
    /// that are empty are left out, then texts are cut, the longest first.
    pub fn render(&self, width: usize) -> String {
        let used: Vec<usize> = (0..self.heads.len())
            .filter(|&at| self.rows.is_empty() || self.rows.iter().any(|row| !row[at].is_empty()))
            .collect();
        let mut widths: Vec<usize> = used
            .iter()
            .map(|&at| {
                let cells = self.rows.iter().map(|row| length(&row[at]));
                cells.max().unwrap_or(0).max(length(&self.heads[at].0))
            })
            .collect();
        let room = width.saturating_sub(2 * used.len().saturating_sub(1));
        while widths.iter().sum::<usize>() > room {
            let longest = (0..used.len())
                .filter(|&at| self.heads[used[at]].1 == Align::Left && widths[at] > 6)
                .max_by_key(|&at| widths[at]);
            let Some(longest) = longest else { break };
            widths[longest] -= 1;
        }
        let line = |cells: &dyn Fn(usize) -> String| {
            let cells: Vec<String> = used
                .iter()
                .zip(&widths)
                .map(|(&at, &width)| fit(&cells(at), width, self.heads[at].1))
                .collect();
            cells.join("  ").trim_end().to_string()
        };
        let mut lines = vec![line(&|at| self.heads[at].0.clone())];
        lines.push(
            widths
                .iter()
                .map(|&width| "─".repeat(width))
                .collect::<Vec<_>>()
                .join("  "),
        );
        lines.extend(self.rows.iter().map(|row| line(&|at| row[at].clone())));
        lines.join("\n")
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn fit(text: &str, width: usize, align: Align) -> String {
    if length(text) > width {
        let kept: String = text.chars().take(width.saturating_sub(1)).collect();
        return kept + "…";
    }
    match align {
        Align::Left => format!("{text:<width$}"),
        Align::Right => format!("{text:>width$}"),
    }
}

/// A number in four significant digits: plain from 0.001 to 100000, else scientific.
///
/// ```
/// use curlwind::run_folder::format_value;
/// assert_eq!(format_value(12.3456), "12.35");
/// assert_eq!(format_value(1.2e-13), "1.200e-13");
/// assert_eq!(format_value(f64::NAN), "NaN");
/// ```
pub fn format_value(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        return "0".to_string();
    }
    if !value.is_finite() {
        return format!("{value}");
    }
    if !(1e-3..99_999.5).contains(&size) {
        return format!("{value:.3e}");
    }
    let digits = (3 - size.log10().floor() as i32).max(0) as usize;
    format!("{value:.digits$}")
}

/// Seconds in the unit that suits them.
///
/// ```
/// use curlwind::run_folder::format_duration;
/// assert_eq!(format_duration(0.02), "20.0 ms");
/// assert_eq!(format_duration(200.0), "3.3 min");
/// ```
pub fn format_duration(seconds: f64) -> String {
    match seconds {
        s if s >= 7200.0 => format!("{:.1} h", s / 3600.0),
        s if s >= 120.0 => format!("{:.1} min", s / 60.0),
        s if s >= 1.0 => format!("{s:.1} s"),
        s if s >= 1e-3 => format!("{:.1} ms", 1e3 * s),
        s => format!("{:.0} µs", 1e6 * s),
    }
}

/// A frequency in the unit that reads best.
fn format_frequency(hertz: f64) -> String {
    let (scale, unit) = match hertz.abs() {
        size if size >= 1e9 => (1e9, "GHz"),
        size if size >= 1e6 => (1e6, "MHz"),
        size if size >= 1e3 => (1e3, "kHz"),
        _ => (1.0, "Hz"),
    };
    format!("{} {unit}", format_value(hertz / scale))
}

/// What all rows have in common, which a table need not repeat: `("case", "galewsky")`.
/// Empty for fewer than two rows. The model and the value are never among them.
pub(crate) fn in_common(rows: &[ScoreRow]) -> Vec<(&'static str, String)> {
    let part = |row: &ScoreRow, name| match name {
        "case" => row.case.clone(),
        "variable" => row.variable.clone(),
        "metric" => row.metric.clone(),
        _ => row.unit.clone().unwrap_or_default(),
    };
    let [first, others @ ..] = rows else {
        return Vec::new();
    };
    if others.is_empty() {
        return Vec::new();
    }
    ["case", "variable", "metric", "unit"]
        .into_iter()
        .map(|name| (name, part(first, name)))
        .filter(|(name, value)| others.iter().all(|row| part(row, name) == *value))
        .collect()
}

/// Rows of scores as a table for the terminal. What all rows share stands above it, the
/// remarks below it; failed rows say so.
pub fn score_table(rows: &[ScoreRow], width: usize) -> String {
    let common = in_common(rows);
    let shared = |name: &str| common.iter().any(|(known, _)| *known == name);
    let at = match rows.iter().map(ScoreRow::at).find(|at| *at != At::Whole) {
        Some(At::Frequency(_)) => "frequency",
        _ => "lead",
    };
    let mut table = Table::new([
        ("case", Align::Left),
        ("model", Align::Left),
        ("variable", Align::Left),
        ("metric", Align::Left),
        (at, Align::Right),
        ("value", Align::Right),
        ("baseline", Align::Right),
        ("unit", Align::Left),
    ]);
    let mut notes: Vec<(&str, usize)> = Vec::new();
    for row in rows {
        let at = match row.at() {
            At::Lead(hours) => format!("{hours} h"),
            At::Frequency(hertz) => format_frequency(hertz),
            At::Whole => String::new(),
        };
        let own = |name, text: &str| {
            if shared(name) {
                String::new()
            } else {
                text.to_string()
            }
        };
        table.push([
            own("case", &row.case),
            row.model.clone(),
            own("variable", &row.variable),
            own("metric", &row.metric),
            at,
            row.value.map_or("failed".to_string(), format_value),
            row.baseline.map_or(String::new(), format_value),
            own("unit", row.unit.as_deref().unwrap_or_default()),
        ]);
        if let Some(note) = &row.note {
            match notes.iter_mut().find(|(known, _)| known == note) {
                Some((_, count)) => *count += 1,
                None => notes.push((note, 1)),
            }
        }
    }
    let above: Vec<String> = common
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    let mut text = String::new();
    if !above.is_empty() {
        text.push_str(&format!("{}\n", above.join(" · ")));
    }
    text.push_str(&table.render(width));
    for (note, count) in notes {
        let rows = if count == 1 {
            "1 row".to_string()
        } else {
            format!("{count} rows")
        };
        text.push_str(&format!("\n{note} ({rows})"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_digits() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1.000"),
            (-12.3456, "-12.35"),
            (99_999.4, "99999"),
            (123_456.0, "1.235e5"),
            (0.00123456, "0.001235"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(format_value(value), text);
        }
    }

    #[test]
    fn tables_keep_to_their_width() {
        let name = "a-case-with-a-name-that-goes-on-and-on-for-ever-and-a-day-and-more";
        let rows = [
            ScoreRow::new(name, "sfno", "geopotential", "rmse", 123.4)
                .at_lead(24.0)
                .in_unit("m"),
            ScoreRow::new("b", "persistence", "h", "acc", f64::NAN).at_lead(120.0),
        ];
        let text = score_table(&rows, 80);
        assert!(text.lines().all(|line| length(line) <= 80), "{text}");
        assert_eq!(text.lines().count(), 5);
        assert!(
            text.contains('…') && text.contains("failed") && text.contains("120 h"),
            "{text}"
        );
        assert!(
            !text.contains("baseline"),
            "empty columns are left out: {text}"
        );
        assert_eq!(score_table(&[], 80).lines().count(), 2);
    }

    #[test]
    fn what_rows_share_stands_above_them() {
        let row = |lead| ScoreRow::new("galewsky", "sfno", "h", "l2", f64::NAN).at_lead(lead);
        let text = score_table(&[row(24.0), row(48.0)], 80);
        assert!(
            text.starts_with("case galewsky · variable h · metric l2\nmodel"),
            "{text}"
        );
        assert!(text.ends_with("failed: NaN (2 rows)"), "{text}");
    }
}
