//! Things that happen on rows: sources, branches, probes, transforms, found by the row they are on.

/// Items in the order of their rows; within a row in the order they came.
pub(super) struct RowTable<I> {
    starts: Vec<u32>,
    items: Vec<I>,
}

impl<I> RowTable<I> {
    /// Items with the number of their row.
    pub(super) fn new(rows: usize, mut all: Vec<(usize, I)>) -> Self {
        all.sort_by_key(|(row, _)| *row);
        let mut starts = Vec::new();
        if !all.is_empty() {
            starts.resize(rows + 1, 0);
            for (row, _) in &all {
                starts[row + 1] += 1;
            }
            for row in 0..rows {
                starts[row + 1] += starts[row];
            }
        }
        Self {
            starts,
            items: all.into_iter().map(|(_, item)| item).collect(),
        }
    }

    /// Where the items of a row are among all.
    #[inline(always)]
    pub(super) fn range(&self, row: usize) -> std::ops::Range<usize> {
        if self.starts.is_empty() {
            return 0..0;
        }
        self.starts[row] as usize..self.starts[row + 1] as usize
    }

    /// The items of a row.
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> &[I] {
        &self.items[self.range(row)]
    }

    /// All items.
    pub(super) fn items(&self) -> &[I] {
        &self.items
    }

    /// All items, to keep.
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    pub(super) fn into_items(self) -> Vec<I> {
        self.items
    }

    /// All items, to change.
    pub(super) fn items_mut(&mut self) -> &mut [I] {
        &mut self.items
    }
}
