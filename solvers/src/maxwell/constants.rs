//! Physical constants, SI (CODATA 2018).

/// Speed of light in m/s (exact).
pub const SPEED_OF_LIGHT: f64 = 299_792_458.0;
/// Vacuum permeability in H/m.
pub const VACUUM_PERMEABILITY: f64 = 1.256_637_062_12e-6;
/// Vacuum permittivity in F/m, so that `eps0 mu0 c^2 = 1` to rounding.
pub const VACUUM_PERMITTIVITY: f64 = 1.0 / (VACUUM_PERMEABILITY * SPEED_OF_LIGHT * SPEED_OF_LIGHT);
/// Impedance of free space in ohm.
pub const VACUUM_IMPEDANCE: f64 = VACUUM_PERMEABILITY * SPEED_OF_LIGHT;
