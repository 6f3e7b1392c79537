//! Gaps, lumped elements and microstrip feeds in the coefficients of a model.
//!
//! A resistance R over a block of length L and dual area A is the conductivity `L / (R A)` of its
//! edges, added to their medium's; a voltage source v in series with it is the impressed current
//! density `v / (R A)` from the negative to the positive terminal (M. Piket-May, A. Taflove, J.
//! Baron, IEEE Trans. Microw. Theory Tech. 42, 1514-1523, 1994). With inductance or capacitance
//! each edge gets its share as a series element. A gap's edges are held at `-v / L`.

use super::block::{EdgeBlock, Integral};
use super::port::Port;
use crate::maxwell::geometry::nearest;
use crate::maxwell::{Axis, EdgeMedium, Index, Model, SeriesElement, SourceTerm, WireEnd};
use crate::{Error, Result};
use ndarray::{Array2, ArrayView1, Axis as Dimension};

/// Makes the ends of wires at the block's terminals metal: they are not free.
pub(super) fn attach(model: &mut Model, block: &EdgeBlock) -> Result<()> {
    let a = block.axis as usize;
    let ends = [*block.ranges[a].start(), *block.ranges[a].end() + 1];
    let at_terminal = |node: Index| {
        ends.contains(&node[a]) && (0..3).all(|b| b == a || block.ranges[b].contains(&node[b]))
    };
    let (held, free): (Vec<WireEnd>, Vec<WireEnd>) = model
        .wire_ends
        .iter()
        .copied()
        .partition(|end| at_terminal(end.node));
    for end in held {
        let axis = end.component.axis();
        let edge = EdgeBlock::from_ranges(model, axis, 1.0, end.index.map(|n| n..=n));
        set_medium(model, &edge, end.index, EdgeMedium::Pec)?;
    }
    model.wire_ends = free;
    Ok(())
}

/// Lets the scaled edges and faces round a thin wire continue round the gap in it.
pub(super) fn bridge(model: &mut Model, block: &EdgeBlock) {
    let a = block.axis as usize;
    let (first, last) = (*block.ranges[a].start(), *block.ranges[a].end());
    let edges = block.edges();
    if edges.len() != last - first + 1 {
        return;
    }
    let Some(faces) = &mut model.faces else {
        return;
    };
    let index = edges[0];
    let metal = |n: usize| {
        let mut beside = index;
        beside[a] = n;
        let [i, j, k] = beside;
        model.edge_media[model.edges[a][[k, j, i]] as usize] == EdgeMedium::Pec
    };
    let Some((wire, node)) = [
        first.checked_sub(1).map(|n| (n, first)),
        Some((last + 1, last + 1)),
    ]
    .into_iter()
    .flatten()
    .find(|&(n, _)| n < model.mesh.cells()[a] && metal(n)) else {
        return;
    };
    for (u, v) in [
        (block.axis.next() as usize, block.axis.previous() as usize),
        (block.axis.previous() as usize, block.axis.next() as usize),
    ] {
        for side in [index[u].checked_sub(1), Some(index[u])]
            .into_iter()
            .flatten()
        {
            let mut place = index;
            (place[u], place[a]) = (side, wire);
            let medium = faces[v][[place[2], place[1], place[0]]];
            for level in first..=last {
                place[a] = level;
                faces[v][[place[2], place[1], place[0]]] = medium;
            }
            place[a] = node;
            let medium = model.edges[u][[place[2], place[1], place[0]]];
            if model.edge_media[usize::from(medium)] == EdgeMedium::Pec {
                continue;
            }
            for level in first + 1..=last {
                place[a] = level;
                model.edges[u][[place[2], place[1], place[0]]] = medium;
            }
        }
    }
}

/// Adds a resistance, inductance and capacitance in series to a block, and if `source` names a
/// waveform's samples, that voltage.
pub(super) fn connect(
    model: &mut Model,
    block: &EdgeBlock,
    [resistance, inductance, capacitance]: [f64; 3],
    source: Option<&[f64]>,
) -> Result<()> {
    let (length, area) = (block.length(), block.area());
    if inductance == 0.0 && capacitance == f64::INFINITY {
        let waveform = source.map(|samples| append(model, samples, 1.0));
        for index in block.edges() {
            let (medium, _) = medium_of(model, block, index);
            let EdgeMedium::Dielectric {
                permittivity,
                conductivity,
                poles,
            } = medium
            else {
                continue;
            };
            let medium = EdgeMedium::Dielectric {
                permittivity,
                conductivity: conductivity + length / (resistance * area),
                poles,
            };
            let cb = medium.coefficients(model.time_step).1;
            set_medium(model, block, index, medium)?;
            if let Some(waveform) = waveform {
                model.sources.push(SourceTerm {
                    component: block.component(),
                    index,
                    waveform,
                    scale: -cb * block.sign / (resistance * area),
                });
            }
        }
        return Ok(());
    }
    for index in block.edges() {
        let along = block.length_of(index) / length;
        let share = along * area / block.area_of(index);
        let waveform = source.map(|samples| append(model, samples, block.sign * along));
        model.elements.push(SeriesElement {
            component: block.component(),
            index,
            resistance: resistance * share,
            inductance: inductance * share,
            capacitance: capacitance / share,
            waveform,
        });
    }
    Ok(())
}

/// Makes a block's edges perfect conductors with the source's voltage impressed.
pub(super) fn hold(model: &mut Model, block: &EdgeBlock, source: Option<&[f64]>) -> Result<()> {
    let waveform = source.map(|samples| append(model, samples, 1.0));
    let scale = -block.sign / block.length();
    for index in block.edges() {
        set_medium(model, block, index, EdgeMedium::Pec)?;
        if let Some(waveform) = waveform {
            model.sources.push(SourceTerm {
                component: block.component(),
                index,
                waveform,
                scale,
            });
        }
    }
    Ok(())
}

/// Voltage and current of a strip line at a plane: the voltage under the strip at a line of the
/// mesh, the current in the strip interpolated from the loops half a cell before and behind it.
pub(super) fn strip(
    model: &mut Model,
    port: &Port,
    sheet: &EdgeBlock,
    line: Axis,
    forward: bool,
    plane: f64,
) -> Result<(Integral, Integral)> {
    let (a, l) = (sheet.axis as usize, line as usize);
    let node = nearest(model.mesh.lines(line), plane);
    let mut ranges = sheet.ranges.clone();
    ranges[l] = node..=node;
    let under = EdgeBlock::from_ranges(model, sheet.axis, sheet.sign, ranges.clone());
    under.check(model, port)?;
    let voltage = under.voltage(model);

    // the strip's edges along the line: start at the positive terminal and grow over the metal
    let across = if sheet.axis.next() == line {
        sheet.axis.previous()
    } else {
        sheet.axis.next()
    };
    let w = across as usize;
    let top = if sheet.sign > 0.0 {
        *sheet.ranges[a].end() + 1
    } else {
        *sheet.ranges[a].start()
    };
    if node == 0 || node >= model.mesh.cells()[l] {
        return Err(port.error(format!(
            "its plane of measurement at {plane} m along {line:?} is at the end of the mesh"
        )));
    }
    let metal = |height: usize, side: usize| {
        let mut index = [0; 3];
        (index[a], index[w], index[l]) = (height, side, node);
        let [i, j, k] = index;
        let medium = model.edges[l][[k, j, i]];
        model.edge_media[medium as usize] == EdgeMedium::Pec
    };
    let (mut first, mut last) = (*sheet.ranges[w].start(), *sheet.ranges[w].end());
    let middle = (first + last) / 2;
    if !metal(top, middle) {
        return Err(port.error(format!(
            "there is no strip at its positive terminal on the plane of measurement at {plane} m along {line:?}"
        )));
    }
    let cells = model.mesh.cells();
    while first > 1 && metal(top, first - 1) {
        first -= 1;
    }
    while last + 1 < cells[w] && metal(top, last + 1) {
        last += 1;
    }
    let (mut low, mut high) = (top, top);
    if sheet.sign > 0.0 {
        while high + 1 < cells[a] && metal(high + 1, middle) {
            high += 1;
        }
    } else {
        while low > 1 && metal(low - 1, middle) {
            low -= 1;
        }
    }
    let mut ranges = sheet.ranges.clone();
    ranges[a] = low..=high;
    ranges[w] = first..=last;
    let sign = if forward { 1.0 } else { -1.0 };
    let cells = model.mesh.spacings(line);
    let both = cells[node - 1] + cells[node];
    let mut current = Integral::new();
    for (level, share) in [
        (node - 1, cells[node] / both),
        (node, cells[node - 1] / both),
    ] {
        ranges[l] = level..=level;
        let block = EdgeBlock::from_ranges(model, line, sign, ranges.clone());
        current.extend(block.current(model).iter().map(|&(n, w)| (n, w * share)));
    }
    Ok((voltage, current))
}

/// Adds a column of `factor * samples` to the waveforms.
pub(super) fn append(model: &mut Model, samples: &[f64], factor: f64) -> usize {
    let column: Array2<f64> = ArrayView1::from(samples)
        .mapv(|x| factor * x)
        .insert_axis(Dimension(1));
    model.add_waveforms(column.view())
}

fn medium_of(model: &Model, block: &EdgeBlock, [i, j, k]: [usize; 3]) -> (EdgeMedium, u16) {
    let n = model.edges[block.axis as usize][[k, j, i]];
    (model.edge_media[n as usize].clone(), n)
}

fn set_medium(
    model: &mut Model,
    block: &EdgeBlock,
    [i, j, k]: [usize; 3],
    medium: EdgeMedium,
) -> Result<()> {
    let known = model.edge_media.iter().position(|m| *m == medium);
    let n = known.unwrap_or_else(|| {
        model.edge_media.push(medium);
        model.edge_media.len() - 1
    });
    model.edges[block.axis as usize][[k, j, i]] = u16::try_from(n).map_err(|_| Error::Size {
        what: "number of different media on the mesh",
        expected: "at most 65535".into(),
        found: n + 1,
    })?;
    Ok(())
}
