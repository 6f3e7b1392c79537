//! Sources: `component[index] += scale * waveform[n]`, sorted by row.

use super::Real;
use super::layout::{AXES, Layout};
use super::row_table::RowTable;
use crate::maxwell::{Model, SourceTerm, Waveforms};

/// A source on a row.
pub(super) struct Source<T> {
    pub(super) component: u8,
    pub(super) i: u32,
    pub(super) waveform: u32,
    pub(super) scale: T,
}

/// All sources on E, or all on H.
pub(super) fn sources<T: Real>(
    model: &Model,
    layout: &Layout,
    electric: bool,
) -> RowTable<Source<T>> {
    let place = |s: &SourceTerm| (layout.component(s.component), layout.index(s.index));
    let all = model.sources.iter().filter(|s| {
        let (component, index) = place(s);
        // a magnetic current through a conducting wall is cancelled by its image
        s.component.is_electric() == electric && !layout.held(component, index)
    });
    let all = all.map(|s| {
        let (component, [i, j, k]) = place(s);
        let source = Source {
            component: component as u8,
            i: i as u32,
            waveform: s.waveform as u32,
            scale: T::from_f64(s.scale),
        };
        (layout.row(k, j), source)
    });
    RowTable::new(layout.row_count(), all.collect())
}

/// The samples of all waveforms for a span of steps.
pub(super) struct Samples<T> {
    first: usize,
    columns: usize,
    values: Vec<T>,
}

impl<T: Real> Samples<T> {
    /// Samples of steps `first..first + steps`, as many of them as there are.
    pub(super) fn new(waveforms: &Waveforms, first: usize, steps: usize) -> Self {
        let (rows, columns) = waveforms.dim();
        let mut values = Vec::new();
        for n in first.min(rows)..(first + steps).min(rows) {
            values.extend(waveforms.row(n).iter().map(|v| T::from_f64(*v)));
        }
        Self {
            first,
            columns,
            values,
        }
    }

    /// All of them, `[step, waveform]`.
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    pub(super) fn values(&self) -> &[T] {
        &self.values
    }

    /// Samples of a step, none when the waveforms have ended.
    #[inline(always)]
    pub(super) fn step(&self, step: usize) -> Option<&[T]> {
        let start = (step - self.first) * self.columns;
        self.values.get(start..start + self.columns)
    }
}

/// Adds the sources of a row; `rows` are those of the components it may touch, by axis.
#[inline(always)]
pub(super) fn add<T: Real>(sources: &[Source<T>], samples: &[T], rows: [&mut [T]; AXES]) {
    for s in sources {
        let value = &mut rows[s.component as usize % AXES][s.i as usize];
        *value += s.scale * samples[s.waveform as usize];
    }
}
