//! What a port saw in one run: spectra of voltage and current, and the waves they are made of.
//!
//! ```text
//! a = (V + Z0 I) / (2 sqrt Z0)      into the device
//! b = (V - Z0 I) / (2 sqrt Z0)      out of it
//! ```
//!
//! with a real reference impedance Z0 (K. Kurokawa, IEEE Trans. Microw. Theory Tech. 13, 194-202,
//! 1965). For a waveguide Z0 is the mode's impedance at each frequency.

use num_complex::Complex64;

/// Spectra at one port: `sum dt x_n exp(-j 2 pi f t_n)` with each sample's own time, in V s and A s.
#[derive(Clone, Debug, PartialEq)]
pub struct PortRecord {
    /// Name of the port.
    pub name: String,
    /// Whether the port was the source of this run.
    pub excited: bool,
    /// Frequencies in Hz.
    pub frequencies: Vec<f64>,
    /// Voltage from the negative to the positive terminal.
    pub voltage: Vec<Complex64>,
    /// Current into the device.
    pub current: Vec<Complex64>,
    /// Real reference impedance in ohm of the waves at each frequency.
    pub reference: Vec<f64>,
    /// Impedance in ohm that stands for the port in a network: the port's own, constant.
    pub impedance: f64,
}

impl PortRecord {
    /// Waves into the device.
    pub fn incident(&self) -> Vec<Complex64> {
        self.waves(1.0)
    }

    /// Waves out of it.
    pub fn reflected(&self) -> Vec<Complex64> {
        self.waves(-1.0)
    }

    fn waves(&self, sign: f64) -> Vec<Complex64> {
        self.each(|v, i, z| (v + i * (sign * z)) / (2.0 * z.sqrt()))
    }

    /// V / I in ohm: the impedance that the port sees when no other one is excited.
    pub fn input_impedance(&self) -> Vec<Complex64> {
        self.each(|v, i, _| v / i)
    }

    /// b / a: the reflection when no other port is excited and all others are matched.
    pub fn reflection(&self) -> Vec<Complex64> {
        self.each(|v, i, z| (v - i * z) / (v + i * z))
    }

    /// Power into the device, `Re(V conj(I)) / 2`, in W per (V s)^2 of the excitation: the unit in
    /// which spectra of fields from the same run give radiated powers.
    pub fn accepted_power(&self) -> Vec<f64> {
        self.each(|v, i, _| 0.5 * (v * i.conj()).re)
    }

    /// Power of the incident wave, `|a|^2 / 2`, in the same unit.
    pub fn incident_power(&self) -> Vec<f64> {
        self.incident().iter().map(|a| 0.5 * a.norm_sqr()).collect()
    }

    fn each<X>(&self, f: impl Fn(Complex64, Complex64, f64) -> X) -> Vec<X> {
        (0..self.frequencies.len())
            .map(|n| f(self.voltage[n], self.current[n], self.reference[n]))
            .collect()
    }
}
