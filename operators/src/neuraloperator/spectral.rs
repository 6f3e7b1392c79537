//! Spectral weights of the package: all numbers, Tucker's form, canonical polyadic form.
//!
//! The package keeps them over `[Ci, Co, modes...]`, factorised ones as tensorly-torch does: a `core`
//! (Tucker) or `weights` of the terms (polyadic), and `factors.factor_0`, ... in that order of
//! dimensions.

use super::Source;
use crate::error::Result;
use crate::spectral::Factorization;
use crate::spectral::rank::{share_of_cp_rank, share_of_tucker_ranks};
use crate::weights::NamedTensors;

/// What the spectral weights of a layer tell about the network.
pub(super) struct Form {
    pub channels: usize,
    /// As stored, slowest first.
    pub modes: Vec<usize>,
    pub factorization: Factorization,
    pub rank: f64,
}

/// The spellings of the package's versions and forms.
const DENSE: [&str; 2] = ["weight.tensor", "weight"];
const CORE: &str = "weight.core";
const TERMS: &str = "weight.weights";

fn name(layer: usize, end: &str) -> String {
    format!("fno_blocks.convs.{layer}.{end}")
}

/// Whether there are spectral weights of a layer.
pub(super) fn has(source: &Source, layer: usize) -> bool {
    let mut ends = DENSE.into_iter().chain([CORE, TERMS]);
    ends.any(|end| source.has(&name(layer, end)))
}

/// Moves the spectral weights of a layer to `ours`, under names that begin with `prefix`.
pub(super) fn weights(
    source: &mut Source,
    layer: usize,
    prefix: &str,
    ours: &mut NamedTensors,
) -> Result<Form> {
    let tensorised = format!("{prefix}.Tensorised");
    if source.has(&name(layer, CORE)) {
        tucker(source, layer, &tensorised, ours)
    } else if source.has(&name(layer, TERMS)) {
        polyadic(source, layer, &tensorised, ours)
    } else {
        dense(source, layer, prefix, ours)
    }
}

fn dense(source: &mut Source, layer: usize, prefix: &str, ours: &mut NamedTensors) -> Result<Form> {
    let spellings = DENSE.map(|end| name(layer, end));
    let found = spellings.iter().find(|name| source.has(name));
    let name = found.unwrap_or(&spellings[0]);
    let (shape, values) = source.take(name)?;
    let form = |channels, modes| Form {
        channels,
        modes,
        factorization: Factorization::Dense,
        rank: 1.0,
    };
    let form = match &shape[..] {
        [inputs, outputs, modes @ .., 2]
            if inputs == outputs && *inputs > 0 && is_rank(modes.len()) =>
        {
            form(*inputs, modes.to_vec())
        }
        _ => {
            return Err(source.problem(format!(
                "tensor `{name}`: expected complex numbers [channels, channels, one to three modes], \
                 found shape {shape:?}"
            )));
        }
    };
    ours.insert(format!("{prefix}.Dense"), modes_first(&shape, &values));
    Ok(form)
}

fn tucker(
    source: &mut Source,
    layer: usize,
    prefix: &str,
    ours: &mut NamedTensors,
) -> Result<Form> {
    let core_name = name(layer, CORE);
    let (shape, values) = source.take(&core_name)?;
    let ranks = match &shape[..] {
        [ranks @ .., 2] if ranks.len() > 2 && is_rank(ranks.len() - 2) => ranks,
        _ => {
            return Err(source.problem(format!(
                "tensor `{core_name}`: expected complex numbers over two channel and one to three mode \
                 dimensions, found shape {shape:?}"
            )));
        }
    };
    ours.insert(format!("{prefix}.core"), modes_first(&shape, &values));
    let sizes = factors(source, layer, ranks, prefix, ours)?;
    let share = share_of_tucker_ranks(&sizes, ranks).ok_or_else(|| {
        source.problem(format!(
            "tensor `{core_name}`: expected the ranks of some share of the parameters of {sizes:?}, \
             found {ranks:?}"
        ))
    })?;
    Ok(Form {
        channels: sizes[0],
        modes: sizes[2..].to_vec(),
        factorization: Factorization::Tucker,
        rank: share,
    })
}

fn polyadic(
    source: &mut Source,
    layer: usize,
    prefix: &str,
    ours: &mut NamedTensors,
) -> Result<Form> {
    let terms_name = name(layer, TERMS);
    let (shape, terms) = source.take(&terms_name)?;
    let [rank, 2] = shape[..] else {
        return Err(source.problem(format!(
            "tensor `{terms_name}`: expected a vector of complex numbers, found shape {shape:?}"
        )));
    };
    let dimensions = (0..).take_while(|n| source.has(&factor_name(layer, *n)));
    let ranks = vec![rank; dimensions.count()];
    if ranks.len() < 3 || !is_rank(ranks.len() - 2) {
        return Err(source.problem(format!(
            "`{}`: expected factors of two channel and one to three mode dimensions, found {}",
            name(layer, "weight.factors"),
            ranks.len()
        )));
    }
    let sizes = factors(source, layer, &ranks, prefix, ours)?;
    // The weights of the terms go into the factor of the input channels.
    if let Some((_, factor)) = ours.get_mut(&format!("{prefix}.input")) {
        for row in factor.chunks_exact_mut(terms.len().max(1)) {
            for (number, term) in row.chunks_exact_mut(2).zip(terms.chunks_exact(2)) {
                let [re, im] = [number[0], number[1]];
                number[0] = re * term[0] - im * term[1];
                number[1] = re * term[1] + im * term[0];
            }
        }
    }
    let share = share_of_cp_rank(&sizes, rank).ok_or_else(|| {
        source.problem(format!(
            "tensor `{terms_name}`: expected the rank of some share of the parameters of {sizes:?}, \
             found {rank}"
        ))
    })?;
    Ok(Form {
        channels: sizes[0],
        modes: sizes[2..].to_vec(),
        factorization: Factorization::Cp,
        rank: share,
    })
}

fn factor_name(layer: usize, number: usize) -> String {
    name(layer, &format!("weight.factors.factor_{number}"))
}

/// Moves the factors of the input channels, the output channels and the modes; gives their sizes.
fn factors(
    source: &mut Source,
    layer: usize,
    ranks: &[usize],
    prefix: &str,
    ours: &mut NamedTensors,
) -> Result<Vec<usize>> {
    let along = ["along_z", "along_y", "along_x"];
    let dimensions = ranks.len() - 2;
    let names = ["input", "output"]
        .into_iter()
        .chain(along.into_iter().skip(3 - dimensions));
    let mut sizes = Vec::with_capacity(ranks.len());
    for ((number, rank), to) in ranks.iter().enumerate().zip(names) {
        let from = factor_name(layer, number);
        let (shape, values) = source.take(&from)?;
        match shape[..] {
            [size, found, 2] if found == *rank => sizes.push(size),
            _ => {
                return Err(source.problem(format!(
                    "tensor `{from}`: expected complex numbers of rank {rank}, found shape {shape:?}"
                )));
            }
        }
        ours.insert(format!("{prefix}.{to}"), (shape, values));
    }
    if sizes[0] != sizes[1] {
        return Err(source.problem(format!(
            "tensor `{}`: expected as many channels as come in, {}, found {}",
            factor_name(layer, 1),
            sizes[0],
            sizes[1]
        )));
    }
    Ok(sizes)
}

/// Whether there are networks of so many dimensions.
fn is_rank(dimensions: usize) -> bool {
    (1..=3).contains(&dimensions)
}

/// `[Ci, Co, modes..., 2]` to `[Kz, Ky, Kx, Ci, Co, 2]`, 1 for absent dimensions; cores likewise.
fn modes_first(shape: &[usize], values: &[f32]) -> (Vec<usize>, Vec<f32>) {
    let (inputs, outputs) = (shape[0], shape[1]);
    let modes = &shape[2..shape.len() - 1];
    let count: usize = modes.iter().product();
    let mut moved = vec![0.0; values.len()];
    for pair in 0..inputs * outputs {
        for mode in 0..count {
            for part in 0..2 {
                moved[(mode * inputs * outputs + pair) * 2 + part] =
                    values[(pair * count + mode) * 2 + part];
            }
        }
    }
    let mut shape = vec![1; 3 - modes.len()];
    shape.extend(modes);
    shape.extend([inputs, outputs, 2]);
    (shape, moved)
}
