//! The nearest valid name to a misspelt one.
//!
//! Damerau-Levenshtein distance in its restricted form (optimal string alignment):
//! insertions, deletions, substitutions and swaps of neighbours cost one each.

/// The name in `candidates` nearest to `name`, if one is near enough to be meant.
///
/// Near enough is a third of the longer name's letters, at least one. Case, `-` and
/// `_` do not count.
///
/// ```
/// use curlwind::config::nearest;
/// assert_eq!(nearest("trunction", ["time_step", "truncation"]), Some("truncation"));
/// assert_eq!(nearest("colour", ["time_step", "truncation"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = fold(name);
    candidates
        .into_iter()
        .map(|candidate| {
            let folded = fold(candidate);
            let allowed = (wanted.len().max(folded.len()) / 3).max(1);
            (distance(&wanted, &folded), allowed, candidate)
        })
        .filter(|(distance, allowed, _)| distance <= allowed)
        .min_by_key(|(distance, _, _)| *distance)
        .map(|(_, _, candidate)| candidate)
}

fn fold(name: &str) -> Vec<char> {
    name.chars()
        .flat_map(char::to_lowercase)
        .map(|c| if c == '-' { '_' } else { c })
        .collect()
}

fn distance(a: &[char], b: &[char]) -> usize {
    // Three rows of the table are alive at a time: a swap looks two rows back.
    let mut before_last: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let substitution = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = substitution.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(a: &str, b: &str) -> usize {
        distance(&fold(a), &fold(b))
    }

    #[test]
    fn distances_of_known_pairs() {
        assert_eq!(d("", "abc"), 3);
        assert_eq!(d("kitten", "sitting"), 3);
        assert_eq!(d("duratoin", "duration"), 1);
        assert_eq!(d("time-step", "time_step"), 0);
    }

    #[test]
    fn far_names_are_not_offered() {
        assert_eq!(nearest("x", ["orography"]), None);
        assert_eq!(nearest("rk5", ["semi_implicit", "rk4"]), Some("rk4"));
    }
}
