//! Numbers below the normal range taken as zero while an engine runs.
//!
//! Decaying fields sink into denormal numbers, on which x86 processors are up to a hundred times
//! slower. All engines run their steps, on every thread, inside [`flushed`], the reference too, so
//! that they agree.

/// Runs `work` with denormal results flushed to zero and denormal operands read as zero, where the
/// processor can; the previous mode is restored, also when `work` panics.
pub(super) fn flushed<R>(work: impl FnOnce() -> R) -> R {
    let _mode = Mode::set();
    work()
}

#[cfg(target_arch = "x86_64")]
struct Mode(u32);

#[cfg(target_arch = "x86_64")]
impl Mode {
    /// FTZ (bit 15) and DAZ (bit 6) of MXCSR.
    ///
    /// Rust takes the floating point environment to be the default one. What goes on inside is
    /// plain arithmetic on field values, which the compiler cannot evaluate in advance; it is
    /// compiled to the same instructions in either mode, and rounding and exceptions stay at
    /// their defaults. The register belongs to this thread and is set back on leaving.
    fn set() -> Self {
        let mut before = 0u32;
        // SAFETY: stores and loads the thread's own control register, see above
        unsafe {
            std::arch::asm!("stmxcsr [{}]", in(reg) &mut before, options(nostack));
            let own = before | (1 << 15) | (1 << 6);
            std::arch::asm!("ldmxcsr [{}]", in(reg) &own, options(nostack));
        }
        Self(before)
    }
}

#[cfg(target_arch = "x86_64")]
impl Drop for Mode {
    fn drop(&mut self) {
        // SAFETY: as above
        unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &self.0, options(nostack)) };
    }
}

#[cfg(not(target_arch = "x86_64"))]
struct Mode;

#[cfg(not(target_arch = "x86_64"))]
impl Mode {
    fn set() -> Self {
        Self
    }
}
