//! What processes that share work can say to one another.

use crate::Result;

/// One of several processes, its rank a number from 0 on.
///
/// [`send`](Communicator::send) and [`receive`](Communicator::receive) are between two ranks and
/// return at once; [`wait`](Communicator::wait) ends what they have begun. The others are
/// collective: every rank calls them, in the same order.
///
/// All methods fail with [`Error::Ranks`](crate::Error::Ranks) when another rank has failed or
/// ended before its time.
pub trait Communicator: Send {
    /// The number of this rank.
    fn rank(&self) -> usize;

    /// The number of ranks.
    fn size(&self) -> usize;

    /// Begins to send bytes to another rank. Messages of one tag arrive in the order they are sent.
    ///
    /// # Errors
    /// See [`Communicator`].
    fn send(&mut self, to: usize, tag: u16, bytes: Vec<u8>) -> Result<()>;

    /// Begins to receive `len` bytes that another rank sends with this tag.
    ///
    /// # Errors
    /// See [`Communicator`].
    fn receive(&mut self, from: usize, tag: u16, len: usize) -> Result<()>;

    /// Lets messages under way proceed, for a rank that is busy with other things meanwhile.
    fn progress(&mut self);

    /// Waits for all messages begun; what has come, in the order in which it was asked for.
    ///
    /// # Errors
    /// See [`Communicator`].
    fn wait(&mut self) -> Result<Vec<Vec<u8>>>;

    /// Gives all ranks the bytes that `from` has; their number need not be known to the others.
    ///
    /// # Errors
    /// See [`Communicator`].
    fn broadcast(&mut self, from: usize, bytes: &mut Vec<u8>) -> Result<()>;

    /// Puts the sums over all ranks in place of the values. With one value it is a barrier.
    ///
    /// # Errors
    /// See [`Communicator`].
    fn sum_integers(&mut self, values: &mut [i64]) -> Result<()>;

    /// The same for single precision, in an order that all ranks share: all get the same bits.
    ///
    /// # Errors
    /// See [`Communicator`].
    fn sum(&mut self, values: &mut [f32]) -> Result<()>;
}
