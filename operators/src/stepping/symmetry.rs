//! The terms that a tendency may contain.
//!
//! Sources are the fields, their potentials (the field over `l (l + 1)`, e.g. the stream function
//! of a vorticity up to sign), the sine of the latitude, which brings in the rotation, and constant
//! fields. From them rotation-equivariant terms up to second order are formed at each point:
//!
//! ```text
//! linear   a_i                                      product  a_i a_j                    i <= j
//! dot      grad a_i . grad a_j             i <= j   Jacobian a_i,x a_j,y - a_i,y a_j,x  i < j
//! ```
//!
//! each as it is and under the Laplacian filter. Mirroring the sphere gives a term the sign
//! `P_i P_j` (`-P_i P_j` for the Jacobian), reversing time `T_i T_j`. The tendency of channel `c`
//! has the signs `P_c` and, since `d/dt` is odd, `-T_c`, and so have its terms.

use super::config::SteppingConfig;

/// How a term is made of its sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TermKind {
    /// `a_i`
    Linear,
    /// `a_i a_j`
    Product,
    /// `grad a_i . grad a_j`
    Dot,
    /// `a_i,x a_j,y - a_i,y a_j,x`
    Jacobian,
}

/// A term of a tendency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term {
    /// Its form.
    pub kind: TermKind,
    /// First source.
    pub i: usize,
    /// Second source; the first again for a linear term.
    pub j: usize,
    /// Whether the Laplacian filter `l (l + 1)` acts on it.
    pub laplacian: bool,
}

/// What a source is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Field,
    Potential,
    Sine,
    Static,
}

/// Number of sources: fields, potentials, the sine of the latitude, constant fields, in this order.
pub fn sources(config: &SteppingConfig) -> usize {
    2 * config.out_channels + 1 + config.statics()
}

/// The terms of the tendency of `channel`.
pub fn terms(config: &SteppingConfig, channel: usize) -> Vec<Term> {
    let channels = config.out_channels;
    let count = sources(config);
    let source = |i: usize| match i {
        i if i < channels => Source::Field,
        i if i < 2 * channels => Source::Potential,
        i if i == 2 * channels => Source::Sine,
        _ => Source::Static,
    };
    let signs = |state: &[i8], fixed: &[i8]| -> Option<Vec<i8>> {
        let list = [state, state, &[-1], fixed].concat();
        (list.len() == count).then_some(list)
    };
    // Without signs every term passes.
    let mirror = signs(&config.mirror, &config.static_mirror);
    let reversal = signs(&config.reversal, &config.static_reversal);
    let allowed = |term: &Term| {
        let second = |signs: &[i8]| match term.kind {
            TermKind::Linear => 1,
            _ => signs[term.j],
        };
        let turn = if term.kind == TermKind::Jacobian {
            -1
        } else {
            1
        };
        let mirrors = |s: &Vec<i8>| turn * s[term.i] * second(s) == s[channel];
        let reverses = |s: &Vec<i8>| s[term.i] * second(s) == -s[channel];
        mirror.as_ref().is_none_or(mirrors)
            && reversal.as_ref().is_none_or(reverses)
            && !redundant(term, source(term.i), source(term.j))
    };
    let mut terms = Vec::new();
    for laplacian in [false, true] {
        for kind in [
            TermKind::Linear,
            TermKind::Product,
            TermKind::Dot,
            TermKind::Jacobian,
        ] {
            for i in 0..count {
                let others = match kind {
                    TermKind::Linear => i..i + 1,
                    TermKind::Jacobian => i + 1..count,
                    _ => i..count,
                };
                let all = others.map(|j| Term {
                    kind,
                    i,
                    j,
                    laplacian,
                });
                terms.extend(all.filter(|term| allowed(term)));
            }
        }
    }
    terms
}

/// Terms that are sums of others, by `lap(ab) = a lap b + b lap a + 2 grad a . grad b`, by
/// `lap(potential) = field` and because the sine of the latitude is a harmonic of degree 1.
fn redundant(term: &Term, first: Source, second: Source) -> bool {
    use Source::{Field, Potential, Sine, Static};
    let smooth = |source| matches!(source, Potential | Sine);
    match term.kind {
        TermKind::Linear => match first {
            Field | Static => false,
            Potential => term.laplacian,
            Sine => true,
        },
        _ if first == Sine && second == Sine => term.kind != TermKind::Product || term.laplacian,
        TermKind::Product => term.laplacian && smooth(first) && smooth(second),
        _ => term.laplacian && first == Potential && second == Sine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_symmetries_leave_few_terms() {
        let config = SteppingConfig::default();
        let counts = |config: &SteppingConfig| [0, 1, 2].map(|c| terms(config, c).len());
        assert_eq!(counts(&config), [29, 30, 54]);
        let irreversible = SteppingConfig {
            reversal: vec![],
            ..config.clone()
        };
        assert_eq!(counts(&irreversible).iter().sum::<usize>(), 228);
    }

    /// The shallow-water equations are among them: advection of vorticity by the rotational and
    /// the divergent wind, stretching, and the Coriolis terms.
    #[test]
    fn the_shallow_water_terms_are_there() {
        let config = SteppingConfig::default();
        let term = |kind, i, j, laplacian| Term {
            kind,
            i,
            j,
            laplacian,
        };
        let (phi, zeta, delta, psi, chi, sine) = (0, 1, 2, 4, 5, 6);
        let vorticity = terms(&config, zeta);
        for expected in [
            term(TermKind::Jacobian, zeta, psi, false),
            term(TermKind::Dot, zeta, chi, false),
            term(TermKind::Product, zeta, delta, false),
            term(TermKind::Product, delta, sine, false),
            term(TermKind::Jacobian, psi, sine, false),
            term(TermKind::Dot, chi, sine, false),
        ] {
            assert!(vorticity.contains(&expected), "{expected:?}");
        }
        let divergence = terms(&config, delta);
        assert!(divergence.contains(&term(TermKind::Linear, phi, phi, true)));
        assert!(divergence.contains(&term(TermKind::Dot, psi, psi, true)));
        // Diffusion is not reversible.
        assert!(!vorticity.contains(&term(TermKind::Linear, zeta, zeta, true)));
    }
}
