//! Bessel functions of integer order and a real argument, and the logarithmic derivative of J of a
//! complex one.

use num_complex::Complex64;
use std::f64::consts::PI;

/// Euler's constant.
const EULER: f64 = 0.577_215_664_901_532_9;

/// J_0 to J_order of x > 0, by recurrence downwards from an order where they vanish, normalised by
/// `1 = J_0 + 2 sum J_2n` (M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions,
/// 9.1.27, 9.1.46 and section 9.12).
pub(crate) fn bessel_j(order: usize, x: f64) -> Vec<f64> {
    let mut values = vec![0.0; order + 1];
    let start = order.max(x.ceil() as usize) + 30 + (6.0 * x.cbrt()) as usize;
    let (mut above, mut here, mut sum) = (0.0, 1e-200, 0.0);
    for n in (0..=start).rev() {
        if n <= order {
            values[n] = here;
        }
        if n.is_multiple_of(2) {
            sum += if n == 0 { here } else { 2.0 * here };
        }
        (above, here) = (here, 2.0 * n as f64 / x * here - above);
        if here.abs() > 1e200 {
            for x in values.iter_mut().chain([&mut above, &mut here, &mut sum]) {
                *x *= 1e-200;
            }
        }
    }
    values.iter().map(|x| x / sum).collect()
}

/// `J_n'(z) / J_n(z)` for n = 0 to order, by recurrence downwards (Abramowitz and Stegun, 9.1.27).
pub(super) fn logarithmic_derivative(order: usize, z: Complex64) -> Vec<Complex64> {
    let start = order.max(z.norm().ceil() as usize) + 16;
    let mut values = vec![Complex64::default(); start + 1];
    for n in (1..=start).rev() {
        values[n - 1] = (n - 1) as f64 / z - 1.0 / (values[n] + n as f64 / z);
    }
    values.truncate(order + 1);
    values
}

/// Y_0 to Y_order of x > 0: Y_0 by Neumann's series, Y_1 from the Wronskian, the rest upwards
/// (Abramowitz and Stegun, 9.1.88, 9.1.16, 9.1.27).
pub(crate) fn bessel_y(order: usize, x: f64) -> Vec<f64> {
    let terms = 2 * (x.ceil() as usize + 30);
    let j = bessel_j(terms, x);
    let mut series = 0.0;
    for k in (1..=terms / 2).rev() {
        let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
        series += sign * j[2 * k] / k as f64;
    }
    let y0 = 2.0 / PI * (((x / 2.0).ln() + EULER) * j[0] - 2.0 * series);
    // J_1 Y_0 - J_0 Y_1 = 2 / (pi x); at a zero of J_0 the series for Y_1 instead
    let y1 = if j[0].abs() > 0.1 {
        (j[1] * y0 - 2.0 / (PI * x)) / j[0]
    } else {
        // derivative of Neumann's series, with 2 J_2k' = J_{2k-1} - J_{2k+1}
        let mut slope = 0.0;
        for k in (1..terms / 2).rev() {
            let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
            slope += sign * (j[2 * k - 1] - j[2 * k + 1]) / (2.0 * k as f64);
        }
        -2.0 / PI * (j[0] / x - ((x / 2.0).ln() + EULER) * j[1] - 2.0 * slope)
    };
    let mut values = vec![y0, y1];
    for n in 1..order {
        values.push(2.0 * n as f64 / x * values[n] - values[n - 1]);
    }
    values.truncate(order + 1);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabled_values() {
        // Abramowitz and Stegun, tables 9.1 and 9.2; DLMF 10
        let j = bessel_j(5, 2.0);
        assert!((j[0] - 0.223_890_779_141_235_67).abs() < 1e-14);
        assert!((j[1] - 0.576_724_807_756_873_4).abs() < 1e-14);
        assert!((j[5] - 0.007_039_629_755_871_685).abs() < 1e-15);
        let y = bessel_y(3, 2.0);
        assert!((y[0] - 0.510_375_672_649_745_1).abs() < 1e-14);
        assert!((y[1] + 0.107_032_431_540_937_55).abs() < 1e-14);
        assert!((y[3] + 1.127_783_776_840_427_7).abs() < 1e-13);
        // J_0' / J_0 = - J_1 / J_0, and on the imaginary axis j I_1 / I_0
        let d = logarithmic_derivative(3, 2.0.into());
        assert!((d[0] + j[1] / j[0]).norm() < 1e-13);
        let d = logarithmic_derivative(0, Complex64::i())[0];
        assert!(
            (d + Complex64::i() * 0.446_389_965_896_6).norm() < 1e-12,
            "{d}"
        );
    }

    #[test]
    fn wronskian() {
        for x in [0.05, 0.7, 2.404_825_557_695_773, 5.520_078, 11.0, 40.0] {
            let j = bessel_j(12, x);
            let y = bessel_y(12, x);
            for n in 0..12 {
                let w = (j[n + 1] * y[n] - j[n] * y[n + 1]) * PI * x / 2.0;
                assert!((w - 1.0).abs() < 1e-12, "{x} {n} {w}");
            }
        }
    }
}
