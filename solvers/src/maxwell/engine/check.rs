//! What an engine asks of a model.

use super::branches::has_impedance;
use super::layout::{AXES, Layout};
use crate::maxwell::constants::SPEED_OF_LIGHT;
use crate::maxwell::{Axis, Component, EdgeMedium, Index, Model, Wall};
use crate::{Error, Result};
use std::fmt::Display;

fn refuse(item: impl Display, expected: impl Display, found: impl Display) -> Error {
    Error::Model {
        item: item.to_string(),
        expected: expected.to_string(),
        found: found.to_string(),
    }
}

fn ensure(met: bool, item: &str, expected: &str, found: impl Display) -> Result<()> {
    if met {
        Ok(())
    } else {
        Err(refuse(item, expected, found))
    }
}

fn name(axis: usize) -> char {
    ['x', 'y', 'z'][axis]
}

/// Checks everything about a model but its size.
pub(super) fn check(model: &Model) -> Result<()> {
    walls(model)?;
    media(model)?;
    time_step(model)?;
    sources(model)?;
    elements(model)?;
    monitors(model)
}

fn walls(model: &Model) -> Result<()> {
    for (axis, walls) in model.walls.iter().enumerate() {
        let axis_name = name(axis);
        if (walls[0] == Wall::Periodic) != (walls[1] == Wall::Periodic) {
            return Err(refuse(
                format!("walls along {axis_name}"),
                "periodic on both sides or on none",
                "periodic on one side",
            ));
        }
        let mut cells = 0;
        for (side, wall) in walls.iter().enumerate() {
            let Wall::Cpml(cpml) = wall else { continue };
            let place = format!("absorbing layer at {axis_name}{}", ["min", "max"][side]);
            cells += cpml.cells;
            ensure(cpml.cells > 0, &place, "one cell or more", cpml.cells)?;
            let finite = |v: f64| v.is_finite() && v >= 0.0;
            for (what, value, valid, expected) in [
                ("order", cpml.order, finite(cpml.order), "0 or more"),
                ("sigma", cpml.sigma, finite(cpml.sigma), "0 or more"),
                (
                    "kappa",
                    cpml.kappa,
                    finite(cpml.kappa) && cpml.kappa >= 1.0,
                    "1 or more",
                ),
                ("alpha", cpml.alpha, finite(cpml.alpha), "0 or more"),
            ] {
                ensure(valid, &format!("{what} of the {place}"), expected, value)?;
            }
        }
        let all = model.mesh.cells()[axis];
        if cells > 0 && cells >= all {
            return Err(refuse(
                format!("cells along {axis_name}"),
                format!("more than the {cells} of its absorbing layers"),
                all,
            ));
        }
    }
    Ok(())
}

fn media(model: &Model) -> Result<()> {
    let shape = model.mesh.shape();
    let all_edges = model.edges.iter().map(|e| ("edges", e));
    let all_faces = model.faces.iter().flatten().map(|f| ("faces", f));
    for (what, array) in all_edges.chain(all_faces) {
        if array.shape() != shape {
            return Err(Error::Shape {
                what,
                expected: shape.to_vec(),
                found: array.shape().to_vec(),
            });
        }
    }
    for (component, indices, palette) in indices(model) {
        let wrong = indices.into_iter().find(|&m| m as usize >= palette);
        if let Some(wrong) = wrong {
            return Err(refuse(
                format!("medium of a value of {component:?}"),
                format!("an index below {palette}, the size of the palette"),
                wrong,
            ));
        }
    }
    for (n, medium) in model.edge_media.iter().enumerate() {
        let EdgeMedium::Dielectric {
            permittivity,
            conductivity,
            poles,
        } = medium
        else {
            continue;
        };
        let of = |what: &str| format!("{what} of edge medium {n}");
        let positive = permittivity.is_finite() && *permittivity > 0.0;
        ensure(positive, &of("permittivity"), "above 0", permittivity)?;
        let passive = conductivity.is_finite() && *conductivity >= 0.0;
        ensure(passive, &of("conductivity"), "0 or more S/m", conductivity)?;
        for p in poles {
            let signs = [p.a, p.b, p.c, p.d]
                .iter()
                .all(|v| v.is_finite() && *v >= 0.0);
            ensure(
                signs && (p.c > 0.0 || p.d > 0.0),
                &of("pole"),
                "coefficients of 0 or more, c or d above 0",
                format!("{p:?}"),
            )?;
        }
    }
    for (n, medium) in model.face_media.iter().enumerate() {
        let of = |what: &str| format!("{what} of face medium {n}");
        let mu = medium.permeability;
        ensure(
            mu.is_finite() && mu > 0.0,
            &of("permeability"),
            "above 0",
            mu,
        )?;
        let loss = medium.magnetic_loss;
        ensure(
            loss.is_finite() && loss >= 0.0,
            &of("magnetic loss"),
            "0 or more ohm/m",
            loss,
        )?;
    }
    Ok(())
}

/// The indices inside the extent of each component, and the size of the palette.
fn indices(model: &Model) -> Vec<(Component, Vec<u16>, usize)> {
    Component::ALL
        .into_iter()
        .map(|component| {
            let [ni, nj, nk] = component.extent(model.mesh.cells());
            let axis = component.axis() as usize;
            let (array, palette) = if component.is_electric() {
                (Some(&model.edges[axis]), model.edge_media.len())
            } else {
                let faces = model.faces.as_ref();
                (faces.map(|f| &f[axis]), model.face_media.len())
            };
            let mut seen = vec![false; usize::from(u16::MAX) + 1];
            match array {
                None => seen[0] = true,
                Some(array) => {
                    let view = array.slice(ndarray::s![..nk, ..nj, ..ni]);
                    view.iter().for_each(|m| seen[usize::from(*m)] = true);
                }
            }
            let found = (0..=u16::MAX).filter(|m| seen[usize::from(*m)]).collect();
            (component, found, palette)
        })
        .collect()
}

/// The Courant limit with the fastest medium that occurs. An axis of one cell counts only where a
/// magnetic wall lets the fields vary along it.
fn time_step(model: &Model) -> Result<()> {
    let dt = model.time_step;
    ensure(dt.is_finite() && dt > 0.0, "time step in s", "above 0", dt)?;
    let (mut eps, mut mu) = (f64::INFINITY, f64::INFINITY);
    for (component, found, _) in indices(model) {
        for m in found {
            if !component.is_electric() {
                mu = mu.min(model.face_media[usize::from(m)].permeability);
            } else if let EdgeMedium::Dielectric { permittivity, .. } =
                &model.edge_media[usize::from(m)]
            {
                eps = eps.min(*permittivity);
            }
        }
    }
    let sum: f64 = Axis::ALL
        .iter()
        .map(|&axis| (model.mesh.spacings(axis), model.walls[axis as usize]))
        .filter(|(d, walls)| d.len() > 1 || walls.contains(&Wall::Pmc))
        .map(|(d, _)| d.into_iter().fold(f64::INFINITY, f64::min).powi(-2))
        .sum();
    if !eps.is_finite() || sum == 0.0 {
        return Ok(());
    }
    let speed = SPEED_OF_LIGHT / (eps * mu).sqrt();
    let limit = 1.0 / (speed * sum.sqrt());
    if dt > limit * (1.0 + 1e-9) {
        return Err(refuse(
            "time step in s",
            format!(
                "at most the Courant limit {limit:e} (smallest cells, fastest wave {speed:e} m/s)"
            ),
            format!("{dt:e}"),
        ));
    }
    Ok(())
}

/// Whether a component has a value at an index of its own: not a copy at a periodic end.
fn place(model: &Model, what: &str, component: Component, index: Index, own: bool) -> Result<()> {
    let extent = component.extent(model.mesh.cells());
    for a in 0..AXES {
        let periodic = own && model.walls[a][0] == Wall::Periodic;
        let end = if periodic {
            extent[a].min(model.mesh.cells()[a])
        } else {
            extent[a]
        };
        if index[a] >= end {
            let copy = if periodic { " (periodic)" } else { "" };
            return Err(refuse(
                format!("{what} on {component:?} at {index:?}"),
                format!("an index along {} below {end}{copy}", name(a)),
                index[a],
            ));
        }
    }
    Ok(())
}

fn held(model: &Model, component: Component, index: Index) -> bool {
    let layout = Layout::new(model);
    let [i, j, k] = layout.turned.map(|a| index[a]);
    layout.held(layout.component(component), [i, j, k])
}

fn column(model: &Model, what: &str, waveform: usize) -> Result<()> {
    let columns = model.waveforms.ncols();
    if waveform >= columns {
        return Err(refuse(
            format!("waveform of {what}"),
            format!("a column below {columns}"),
            waveform,
        ));
    }
    Ok(())
}

fn sources(model: &Model) -> Result<()> {
    if let Some(wrong) = model.waveforms.iter().find(|v| !v.is_finite()) {
        return Err(refuse("sample of a waveform", "a finite number", wrong));
    }
    for (n, s) in model.sources.iter().enumerate() {
        let what = format!("source {n}");
        column(model, &what, s.waveform)?;
        place(model, &what, s.component, s.index, true)?;
        let item = format!("{what} on {:?} at {:?}", s.component, s.index);
        ensure(s.scale.is_finite(), &item, "a finite scale", s.scale)?;
        ensure(
            !(s.component.is_electric() && held(model, s.component, s.index)),
            &item,
            "an edge away from conducting walls",
            "an edge on one",
        )?;
    }
    Ok(())
}

fn elements(model: &Model) -> Result<()> {
    for (n, e) in model.elements.iter().enumerate() {
        let what = format!("element {n}");
        if let Some(waveform) = e.waveform {
            column(model, &what, waveform)?;
        }
        let item = format!("{what} on {:?} at {:?}", e.component, e.index);
        ensure(e.component.is_electric(), &item, "Ex, Ey or Ez", "H")?;
        place(model, &what, e.component, e.index, true)?;
        let [i, j, k] = e.index;
        let medium = model.edges[e.component.axis() as usize][[k, j, i]];
        let metal = model.edge_media[usize::from(medium)] == EdgeMedium::Pec;
        ensure(
            !metal && !held(model, e.component, e.index),
            &item,
            "an edge outside of conductors",
            "one in a conductor",
        )?;
        let (r, l, c) = (e.resistance, e.inductance, e.capacitance);
        ensure(r.is_finite() && r >= 0.0, &item, "0 ohm or more", r)?;
        ensure(l.is_finite() && l >= 0.0, &item, "0 henry or more", l)?;
        ensure(c > 0.0, &item, "more than 0 farad (infinite for none)", c)?;
        ensure(
            has_impedance(1.0 / c, r, l, model.time_step),
            &item,
            "an impedance: R, L or C",
            "none",
        )?;
    }
    Ok(())
}

fn monitors(model: &Model) -> Result<()> {
    for (n, p) in model.probes.iter().enumerate() {
        place(model, &format!("probe {n}"), p.component, p.index, false)?;
    }
    for (n, r) in model.regions.iter().enumerate() {
        let what = format!("field region {n}");
        for (a, range) in r.ranges.iter().enumerate() {
            let item = format!("range of {what} along {}", name(a));
            let found = format!("{range:?}");
            ensure(range.start < range.end, &item, "one value or more", found)?;
        }
        let last = [0, 1, 2].map(|a| r.ranges[a].end - 1);
        place(model, &what, r.component, last, false)?;
        ensure(
            r.interval > 0,
            &format!("interval of {what}"),
            "1 or more",
            0,
        )?;
        let limit = 0.5 / (r.interval as f64 * model.time_step);
        for f in &r.frequencies {
            if f.is_nan() || f.abs() >= limit {
                return Err(refuse(
                    format!("frequency of {what} in Hz"),
                    format!(
                        "below {limit:e}, half the sampling rate at interval {}",
                        r.interval
                    ),
                    format!("{f:e}"),
                ));
            }
        }
    }
    Ok(())
}
