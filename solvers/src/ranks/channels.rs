//! Ranks that are threads of one process.

use super::Communicator;
use crate::{Error, Result};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};

/// Tag of what collective calls send.
const COLLECTIVE: u16 = u16::MAX;

/// A message, or that its sender has ended.
struct Message {
    from: usize,
    tag: u16,
    bytes: Option<Vec<u8>>,
}

/// One of several threads of a process, connected by channels. A rank that ends, by a panic too,
/// lets the others know: who waits for it gets an error.
pub struct Channels {
    rank: usize,
    others: Vec<Sender<Message>>,
    inbox: Receiver<Message>,
    /// What came before it was asked for.
    early: VecDeque<Message>,
    /// What was asked for: from whom, by which tag, how long.
    expected: Vec<(usize, u16, usize)>,
    /// Ranks that have ended.
    ended: Vec<bool>,
}

impl Channels {
    /// So many ranks, each for a thread of its own.
    pub fn new(ranks: usize) -> Vec<Self> {
        let (senders, inboxes): (Vec<_>, Vec<_>) = (0..ranks).map(|_| channel()).unzip();
        let of = |(rank, inbox)| Self {
            rank,
            others: senders.clone(),
            inbox,
            early: VecDeque::new(),
            expected: Vec::new(),
            ended: vec![false; ranks],
        };
        inboxes.into_iter().enumerate().map(of).collect()
    }

    /// Runs `work` on so many ranks, a thread each, and returns what they came to, in their order.
    ///
    /// # Panics
    /// When `work` does, on any rank.
    pub fn run<R: Send>(ranks: usize, work: impl Fn(Self) -> R + Sync) -> Vec<R> {
        std::thread::scope(|scope| {
            let work = &work;
            let threads: Vec<_> = Self::new(ranks)
                .into_iter()
                .map(|own| scope.spawn(move || work(own)))
                .collect();
            threads
                .into_iter()
                .map(|thread| match thread.join() {
                    Ok(found) => found,
                    Err(panic) => std::panic::resume_unwind(panic),
                })
                .collect()
        })
    }

    fn failed(&self, reason: String) -> Error {
        Error::Ranks {
            ranks: self.others.len(),
            reason,
        }
    }

    /// The next message of a tag from another rank.
    fn take(&mut self, from: usize, tag: u16) -> Result<Vec<u8>> {
        let wanted = |m: &Message| m.from == from && m.tag == tag;
        if let Some(at) = self.early.iter().position(wanted)
            && let Some(bytes) = self.early.remove(at).and_then(|m| m.bytes)
        {
            return Ok(bytes);
        }
        while !self.ended[from] {
            // never disconnected: this rank holds a sender of its own
            let Ok(message) = self.inbox.recv() else {
                break;
            };
            match message.bytes {
                None => self.ended[message.from] = true,
                Some(bytes) if message.from == from && message.tag == tag => return Ok(bytes),
                bytes => self.early.push_back(Message { bytes, ..message }),
            }
        }
        Err(self.failed(format!(
            "rank {from} has ended, and rank {} waits for it",
            self.rank
        )))
    }

    /// Everybody's bytes, in the order of the ranks.
    fn gather(&mut self, own: Vec<u8>) -> Result<Vec<Vec<u8>>> {
        let rank = self.rank;
        for to in (0..self.size()).filter(|to| *to != rank) {
            self.send(to, COLLECTIVE, own.clone())?;
        }
        (0..self.size())
            .map(|from| match from == self.rank {
                true => Ok(own.clone()),
                false => self.take(from, COLLECTIVE),
            })
            .collect()
    }
}

impl Communicator for Channels {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.others.len()
    }

    fn send(&mut self, to: usize, tag: u16, bytes: Vec<u8>) -> Result<()> {
        let message = Message {
            from: self.rank,
            tag,
            bytes: Some(bytes),
        };
        self.others[to].send(message).map_err(|_| {
            self.failed(format!(
                "rank {to} has ended, and rank {} sends to it",
                self.rank
            ))
        })
    }

    fn receive(&mut self, from: usize, tag: u16, len: usize) -> Result<()> {
        self.expected.push((from, tag, len));
        Ok(())
    }

    fn progress(&mut self) {}

    fn wait(&mut self) -> Result<Vec<Vec<u8>>> {
        let expected = std::mem::take(&mut self.expected);
        expected
            .into_iter()
            .map(|(from, tag, len)| {
                let bytes = self.take(from, tag)?;
                match bytes.len() == len {
                    true => Ok(bytes),
                    false => Err(self.failed(format!(
                        "expected {len} bytes of rank {from}, found {}",
                        bytes.len()
                    ))),
                }
            })
            .collect()
    }

    fn broadcast(&mut self, from: usize, bytes: &mut Vec<u8>) -> Result<()> {
        if from != self.rank {
            *bytes = self.take(from, COLLECTIVE)?;
            return Ok(());
        }
        for to in (0..self.size()).filter(|to| *to != from) {
            self.send(to, COLLECTIVE, bytes.clone())?;
        }
        Ok(())
    }

    fn sum_integers(&mut self, values: &mut [i64]) -> Result<()> {
        let own = values.iter().flat_map(|v| v.to_ne_bytes()).collect();
        let all = self.gather(own)?;
        values.fill(0);
        for one in all {
            for (sum, bytes) in values.iter_mut().zip(one.as_chunks().0) {
                *sum += i64::from_ne_bytes(*bytes);
            }
        }
        Ok(())
    }

    fn sum(&mut self, values: &mut [f32]) -> Result<()> {
        let own = values.iter().flat_map(|v| v.to_ne_bytes()).collect();
        let all = self.gather(own)?;
        values.fill(0.0);
        for one in all {
            for (sum, bytes) in values.iter_mut().zip(one.as_chunks().0) {
                *sum += f32::from_ne_bytes(*bytes);
            }
        }
        Ok(())
    }
}

impl Drop for Channels {
    fn drop(&mut self) {
        for to in &self.others {
            let farewell = Message {
                from: self.rank,
                tag: 0,
                bytes: None,
            };
            // a rank that has ended before does not listen any more
            let _ = to.send(farewell);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_by_tag_and_in_order() {
        Channels::run(3, |mut ranks| {
            let (own, size) = (ranks.rank(), ranks.size());
            let (next, before) = ((own + 1) % size, (own + size - 1) % size);
            for n in 0..3u8 {
                ranks.send(next, 1, vec![own as u8, n]).unwrap();
                ranks.send(next, 2, vec![own as u8, 10 + n, 0]).unwrap();
            }
            for (tag, len) in [(2, 3), (1, 2), (1, 2), (1, 2)] {
                ranks.receive(before, tag, len).unwrap();
            }
            let found = ranks.wait().unwrap();
            let before = before as u8;
            assert_eq!(
                found,
                [
                    vec![before, 10, 0],
                    vec![before, 0],
                    vec![before, 1],
                    vec![before, 2]
                ]
            );
        });
    }

    #[test]
    fn sums_and_broadcasts_are_everybodys() {
        let found = Channels::run(4, |mut ranks| {
            let rank = ranks.rank();
            let mut integers = [rank as i64, 1];
            ranks.sum_integers(&mut integers).unwrap();
            let mut values = [0.5, rank as f32];
            ranks.sum(&mut values).unwrap();
            let mut bytes = vec![rank as u8; rank];
            ranks.broadcast(3, &mut bytes).unwrap();
            (integers, values, bytes)
        });
        for one in found {
            assert_eq!(one, ([6, 4], [2.0, 6.0], vec![3; 3]));
        }
    }

    #[test]
    fn a_rank_that_ends_does_not_leave_the_others_waiting() {
        let found = Channels::run(3, |mut ranks| {
            if ranks.rank() == 1 {
                return Ok(());
            }
            ranks.sum_integers(&mut [1])
        });
        for rank in [0, 2] {
            let error = found[rank]
                .clone()
                .expect_err("rank 1 has ended")
                .to_string();
            // or the third, which then has ended of it
            assert!(error.contains("has ended"), "{error}");
        }
    }
}
