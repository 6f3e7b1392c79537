//! Probes: one value per step, kept in memory.

use super::layout::Layout;
use super::row_table::RowTable;
use crate::maxwell::Model;

/// A probe on a row.
pub(super) struct ProbePlace {
    pub(super) component: u8,
    pub(super) i: u32,
    pub(super) probe: u32,
}

/// All probes of E, or all of H.
pub(super) fn probes(model: &Model, layout: &Layout, electric: bool) -> RowTable<ProbePlace> {
    let of_kind = model.probes.iter().enumerate();
    let all = of_kind
        .filter(|(_, p)| p.component.is_electric() == electric)
        // those on conductors stay zero
        .filter(|(_, p)| !layout.held(layout.component(p.component), layout.index(p.index)))
        .map(|(n, p)| {
            let [i, j, k] = layout.index(p.index);
            let place = ProbePlace {
                component: layout.component(p.component) as u8,
                i: i as u32,
                probe: n as u32,
            };
            (layout.row(k, j), place)
        });
    RowTable::new(layout.row_count(), all.collect())
}
