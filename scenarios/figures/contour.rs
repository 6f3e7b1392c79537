//! Lines of equal value by marching squares.
//!
//! Each cell of the grid is cut where its edges pass the level; a saddle is settled by
//! the mean of its corners. The pieces are then joined end to end.

use super::Field;
use std::collections::HashMap;

/// A crossing of an edge of the grid: its lower row and column, and whether the edge runs
/// northward. Pieces of neighbouring cells share it, which joins them.
type Edge = (usize, usize, bool);

/// The lines at `level` as chains of (longitude, latitude). On a closed field longitudes
/// may go beyond the last one; they are not wrapped.
pub(crate) fn contours(field: &Field, level: f64) -> Vec<Vec<(f64, f64)>> {
    let (rows, columns) = field.values().dim();
    let cells_across = if field.is_closed() {
        columns
    } else {
        columns - 1
    };
    let mut pieces: Vec<(Edge, Edge)> = Vec::new();
    for row in 0..rows - 1 {
        for column in 0..cells_across {
            let next = (column + 1) % columns;
            let value = |r: usize, c: usize| field.values()[[r, c]];
            let corners = [
                value(row, column),
                value(row, next),
                value(row + 1, next),
                value(row + 1, column),
            ];
            if corners.iter().any(|value| !value.is_finite()) {
                continue;
            }
            let above = corners.map(|value| value >= level);
            let edges: [Edge; 4] = [
                (row, column, false),
                (row, next, true),
                (row + 1, column, false),
                (row, column, true),
            ];
            let cut: Vec<usize> = (0..4)
                .filter(|&at| above[at] != above[(at + 1) % 4])
                .collect();
            match cut[..] {
                [a, b] => pieces.push((edges[a], edges[b])),
                [_, _, _, _] => {
                    let middle = corners.iter().sum::<f64>() / 4.0 >= level;
                    if middle == above[0] {
                        pieces.push((edges[0], edges[1]));
                        pieces.push((edges[2], edges[3]));
                    } else {
                        pieces.push((edges[3], edges[0]));
                        pieces.push((edges[1], edges[2]));
                    }
                }
                _ => {}
            }
        }
    }
    join(pieces)
        .into_iter()
        .map(|chain| {
            unwrap(
                chain
                    .into_iter()
                    .map(|edge| crossing(field, level, edge))
                    .collect(),
            )
        })
        .collect()
}

/// Where the level passes an edge.
fn crossing(field: &Field, level: f64, (row, column, north): Edge) -> (f64, f64) {
    let (longitudes, latitudes) = (field.longitudes(), field.latitudes());
    let value = |r: usize, c: usize| field.values()[[r, c]];
    let start = value(row, column);
    if north {
        let at = share(start, value(row + 1, column), level);
        (
            longitudes[column],
            latitudes[row] + at * (latitudes[row + 1] - latitudes[row]),
        )
    } else {
        let next = (column + 1) % longitudes.len();
        let east = if next == 0 {
            longitudes[0] + 360.0
        } else {
            longitudes[next]
        };
        let at = share(start, value(row, next), level);
        (
            longitudes[column] + at * (east - longitudes[column]),
            latitudes[row],
        )
    }
}

fn share(from: f64, to: f64, level: f64) -> f64 {
    if to == from {
        0.5
    } else {
        ((level - from) / (to - from)).clamp(0.0, 1.0)
    }
}

/// Chains of pieces that share ends.
fn join(pieces: Vec<(Edge, Edge)>) -> Vec<Vec<Edge>> {
    let mut at_edge: HashMap<Edge, Vec<usize>> = HashMap::new();
    for (number, (a, b)) in pieces.iter().enumerate() {
        at_edge.entry(*a).or_default().push(number);
        at_edge.entry(*b).or_default().push(number);
    }
    let mut used = vec![false; pieces.len()];
    let follow = |start: usize, from: Edge, used: &mut Vec<bool>| {
        let (mut piece, mut end) = (start, from);
        let mut chain = vec![from];
        loop {
            used[piece] = true;
            let (a, b) = pieces[piece];
            end = if a == end { b } else { a };
            chain.push(end);
            match at_edge[&end].iter().find(|&&next| !used[next]) {
                Some(&next) => piece = next,
                None => return chain,
            }
        }
    };
    let mut chains = Vec::new();
    // Lines that end at the grid's edge first: they must be begun at an end.
    for number in 0..pieces.len() {
        let (a, b) = pieces[number];
        for end in [a, b] {
            if !used[number] && at_edge[&end].len() == 1 {
                chains.push(follow(number, end, &mut used));
            }
        }
    }
    for number in 0..pieces.len() {
        if !used[number] {
            chains.push(follow(number, pieces[number].0, &mut used));
        }
    }
    chains
}

/// Longitudes without jumps of a turn.
fn unwrap(mut chain: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    for at in 1..chain.len() {
        let jump = chain[at].0 - chain[at - 1].0;
        chain[at].0 -= 360.0 * (jump / 360.0).round();
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn field(value: impl Fn(f64, f64) -> f64) -> Field {
        let latitudes: Vec<f64> = (0..61).map(|i| -90.0 + 3.0 * f64::from(i)).collect();
        let longitudes: Vec<f64> = (0..120).map(|i| 3.0 * f64::from(i)).collect();
        let values = Array2::from_shape_fn((61, 120), |(i, j)| value(longitudes[j], latitudes[i]));
        Field::new(&latitudes, &longitudes, values.view()).unwrap()
    }

    #[test]
    fn a_parallel_is_one_closed_line() {
        let lines = contours(&field(|_, latitude| latitude), 31.0);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].len(), 121);
        assert!(lines[0].iter().all(|point| (point.1 - 31.0).abs() < 1e-9));
        assert!(((lines[0][120].0 - lines[0][0].0).abs() - 360.0).abs() < 1e-9);
    }

    #[test]
    fn a_circle_across_greenwich_is_one_line_without_a_jump() {
        let distance = |longitude: f64, latitude: f64| {
            let x = (longitude + 180.0).rem_euclid(360.0) - 180.0;
            x.hypot(latitude)
        };
        let lines = contours(&field(distance), 20.0);
        assert_eq!(lines.len(), 1);
        for point in &lines[0] {
            assert!((distance(point.0, point.1) - 20.0).abs() < 0.2);
        }
        assert!(
            lines[0]
                .windows(2)
                .all(|pair| (pair[1].0 - pair[0].0).abs() < 4.0)
        );
    }

    #[test]
    fn nothing_to_draw() {
        assert!(contours(&field(|_, _| 1.0), 1.0).is_empty());
        assert!(contours(&field(|_, _| f64::NAN), 1.0).is_empty());
    }
}
