//! Which variable of a file answers to a name.

use ::netcdf::Variable;

use super::attributes::variable_text;
use super::quantity::Candidate;

/// Variables that fit a candidate: one by name or standard name; several only
/// if nothing tells them apart.
pub(super) fn matching<'v, 'f>(
    variables: &'v [Variable<'f>],
    candidate: &Candidate,
) -> Vec<&'v Variable<'f>> {
    let by_name = |known_otherwise: bool| {
        candidate.names.iter().find_map(|name| {
            variables.iter().find(|v| {
                // a standard name that says something else outweighs a short name
                let other = variable_text(v, "standard_name")
                    .filter(|s| s != "unknown" && !s.is_empty())
                    .is_some_and(|s| !candidate.standard_names.contains(&s));
                v.name() == *name && (known_otherwise || !other)
            })
        })
    };
    if candidate.name_first
        && let Some(one) = by_name(true)
    {
        return vec![one];
    }
    for standard_name in &candidate.standard_names {
        let fits: Vec<&Variable<'f>> = variables
            .iter()
            .filter(|v| variable_text(v, "standard_name").as_ref() == Some(standard_name))
            .collect();
        match fits.len() {
            0 => continue,
            1 => return fits,
            _ => {
                let known = candidate
                    .names
                    .iter()
                    .find_map(|n| fits.iter().find(|v| v.name() == *n));
                return known.map_or(fits.clone(), |one| vec![*one]);
            }
        }
    }
    by_name(false).into_iter().collect()
}

/// Levenshtein distance.
pub(super) fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substitution = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substitution.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
