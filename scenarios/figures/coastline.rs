//! Coastlines of the world: Natural Earth 1:110 million, public domain.

use std::sync::LazyLock;

/// Chains of (longitude, latitude) in degrees, longitudes from -180 to 180.
pub(crate) static COASTLINES: LazyLock<Vec<Vec<(f64, f64)>>> =
    LazyLock::new(|| read(include_str!("assets/coastline_110m.txt")));

fn read(text: &str) -> Vec<Vec<(f64, f64)>> {
    let point = |pair: &str| {
        let (longitude, latitude) = pair.split_once(',')?;
        Some((longitude.parse().ok()?, latitude.parse().ok()?))
    };
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split(' ').filter_map(point).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_points_are_on_the_globe() {
        assert_eq!(COASTLINES.len(), 134);
        let points: Vec<_> = COASTLINES.iter().flatten().collect();
        assert_eq!(points.len(), 5127);
        assert!(
            points
                .iter()
                .all(|(x, y)| x.abs() <= 180.0 && y.abs() <= 90.0)
        );
    }
}
