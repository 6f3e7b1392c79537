//! Threads that walk over a mesh together.
//!
//! The engines use threads of their own, as many as the rayon pool they are called in has, and
//! wait for one another by spinning: a sweep takes tens of microseconds to milliseconds, about what
//! a sleeping thread takes to wake. Tasks of a rayon pool must not wait for each other, for they
//! may be queued on one thread.

use super::denormals::flushed;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A meeting point, and what threads have got done.
pub(super) struct Team {
    size: usize,
    arrived: AtomicUsize,
    round: AtomicUsize,
    broken: AtomicBool,
}

/// Spins before a thread lets others have its processor.
const SPINS: usize = 2000;

impl Team {
    /// Runs `work` on `size` threads, this one among them, with denormals flushed, and waits.
    pub(super) fn run(size: usize, work: impl Fn(&Team, usize) + Sync) {
        let team = Team {
            size,
            arrived: AtomicUsize::new(0),
            round: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
        };
        let one = |thread: usize| {
            // a thread that panics must not leave the others waiting
            let mut alarm = Alarm {
                team: &team,
                armed: true,
            };
            flushed(|| work(&team, thread));
            alarm.armed = false;
        };
        std::thread::scope(|scope| {
            for thread in 1..size {
                let one = &one;
                scope.spawn(move || one(thread));
            }
            one(0);
        });
    }

    /// Number of threads.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Waits until all threads are here; what they wrote before is seen by all after.
    pub(super) fn meet(&self) {
        if self.size == 1 {
            return;
        }
        let round = self.round.load(Ordering::Relaxed);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.size {
            self.arrived.store(0, Ordering::Relaxed);
            self.round.store(round + 1, Ordering::Release);
        } else {
            self.wait(|| self.round.load(Ordering::Acquire) != round);
        }
    }

    /// Spins until a condition holds.
    pub(super) fn wait(&self, met: impl Fn() -> bool) {
        let mut spins = 0;
        while !met() {
            if self.broken.load(Ordering::Relaxed) {
                // the panic of the other thread is what the caller gets to see
                panic!("another thread of the engine panicked");
            }
            spins += 1;
            if spins < SPINS {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    }
}

struct Alarm<'a> {
    team: &'a Team,
    armed: bool,
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if self.armed {
            self.team.broken.store(true, Ordering::Relaxed);
        }
    }
}

/// The part of `0..count` that belongs to a thread.
pub(super) fn part(count: usize, threads: usize, thread: usize) -> std::ops::Range<usize> {
    count * thread / threads..count * (thread + 1) / threads
}
