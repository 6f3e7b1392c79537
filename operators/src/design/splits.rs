//! Which designs to leave out when a surrogate is judged.
//!
//! Two designs of the same curve on both sides of a split make any model look good: a parameter
//! that hardly matters turns a sweep into copies. So folds are dealt out by groups of designs whose
//! curves are alike. What lies at an edge of the sweep is extrapolation, and is asked for apart.

use super::data::DesignData;
use super::domain::Domain;
use ndarray::{ArrayView2, Axis, Zip};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Groups of designs, those of a group within `tolerance` dB of the group's first at every
/// frequency and port pair. Every design is in one group.
pub fn alike(data: &DesignData, tolerance: f64) -> Vec<Vec<usize>> {
    let values = data.response.decibel();
    let near = |a: ArrayView2<f64>, b: ArrayView2<f64>| {
        Zip::from(a).and(b).all(|a, b| (a - b).abs() <= tolerance)
    };
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (design, curve) in values.axis_iter(Axis(0)).enumerate() {
        let group = groups
            .iter_mut()
            .find(|group| near(values.index_axis(Axis(0), group[0]), curve));
        match group {
            Some(group) => group.push(design),
            None => groups.push(vec![design]),
        }
    }
    groups
}

/// The designs that each of `count` folds leaves out: whole groups, dealt out at random. Fewer
/// folds where there are fewer groups.
pub fn folds(groups: &[Vec<usize>], count: usize, seed: u64) -> Vec<Vec<usize>> {
    let mut order: Vec<&Vec<usize>> = groups.iter().collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let count = count.min(order.len());
    (0..count)
        .map(|fold| {
            let part = &order[fold * order.len() / count..(fold + 1) * order.len() / count];
            part.iter()
                .flat_map(|group| group.iter().copied())
                .collect()
        })
        .collect()
}

/// An edge of the sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Which parameter.
    pub parameter: usize,
    /// Its extreme value.
    pub value: f64,
    /// The designs less than a tenth of the parameter's range away from it.
    pub designs: Vec<usize>,
}

/// The edges of every parameter, the lower one first. Left out are parameters that do not matter:
/// those of which an edge has a design that is in a group with designs elsewhere.
pub fn edges(data: &DesignData, groups: &[Vec<usize>]) -> Vec<Edge> {
    let domain = Domain::new(&data.parameters);
    let mut all = Vec::new();
    for parameter in 0..domain.parameters() {
        let (low, high) = (domain.lowest[parameter], domain.highest[parameter]);
        for value in [low, high] {
            let column = data.parameters.column(parameter);
            let near = |d: &usize| (column[*d] - value).abs() < 0.1 * (high - low);
            let designs: Vec<usize> = (0..data.designs()).filter(near).collect();
            let split = groups
                .iter()
                .any(|group| group.iter().any(near) && !group.iter().all(near));
            if !designs.is_empty() && designs.len() < data.designs() && !split {
                all.push(Edge {
                    parameter,
                    value,
                    designs,
                });
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::data::Response;
    use super::*;
    use ndarray::{Array2, Array3};

    /// A grid of 4 x 3 designs of which the second parameter does not matter.
    fn data() -> DesignData {
        let parameters = Array2::from_shape_fn((12, 2), |(d, p)| [d / 3, d % 3][p] as f64);
        DesignData {
            parameter_names: vec!["a".into(), "b".into()],
            port_pairs: vec![[1, 1]],
            frequencies: vec![1.0, 2.0],
            response: Response::Decibel(Array3::from_shape_fn((12, 1, 2), |(d, _, f)| {
                -((d / 3 + f) as f64) - 1e-4 * (d % 3) as f64
            })),
            parameters,
        }
    }

    #[test]
    fn copies_stay_together() {
        let data = data();
        let groups = alike(&data, 0.01);
        assert_eq!(groups.len(), 4);
        assert_eq!(groups[1], [3, 4, 5]);
        assert_eq!(alike(&data, 1e-6).len(), 12);
        let folds = folds(&groups, 10, 3);
        assert_eq!(folds.len(), 4);
        let mut all: Vec<usize> = folds.concat();
        all.sort_unstable();
        assert_eq!(all, (0..12).collect::<Vec<_>>());
        assert!(
            folds
                .iter()
                .all(|fold| fold.len() == 3 && fold[0] / 3 == fold[2] / 3)
        );
    }

    #[test]
    fn edges_are_of_parameters_that_matter() {
        let data = data();
        let edges = edges(&data, &alike(&data, 0.01));
        assert_eq!(edges.len(), 2);
        assert_eq!((edges[0].parameter, edges[0].value), (0, 0.0));
        assert_eq!(edges[1].designs, [9, 10, 11]);
    }
}
