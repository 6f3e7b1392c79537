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
        .filter_map(|(n, p)| {
            let component = layout.component(p.component);
            let index @ [i, j, k] = layout.place(p.index)?;
            let place = ProbePlace {
                component: component as u8,
                i: i as u32,
                probe: n as u32,
            };
            // those on conductors stay zero
            (!layout.held(component, index)).then(|| (layout.row(k, j), place))
        });
    RowTable::new(layout.row_count(), all.collect())
}
