//! The equations at points, as residuals of functions with their exact derivatives.
//!
//! Each takes the [`Jet`] of the unknown functions, one channel each, and gives the equations'
//! residuals `[N, K]`, one column each. Coordinates are in the order named; a time comes first. The
//! parameters are those of the solvers, so that both sides speak of one equation.

use crate::coordinate::Jet;
use burn::tensor::Tensor;
use curlwind_solvers::allen_cahn::AllenCahn;
use curlwind_solvers::barotropic::Barotropic;
use curlwind_solvers::burgers::Burgers;
use curlwind_solvers::navier_stokes::NavierStokes;
use curlwind_solvers::shallow_water::ShallowWater;

fn columns(columns: Vec<Tensor<2>>) -> Tensor<2> {
    Tensor::cat(columns, 1)
}

/// One of the functions: value and derivatives by name, `[N, 1]` each.
struct Function(Jet);

impl Function {
    fn of(jet: &Jet, channel: usize) -> Self {
        Self(jet.channel(channel))
    }

    fn value(&self) -> Tensor<2> {
        self.0.value()
    }

    fn by(&self, i: usize) -> Tensor<2> {
        self.0.first(i)
    }

    fn by_two(&self, i: usize, j: usize) -> Tensor<2> {
        self.0.second(i, j)
    }
}

/// `u_t + u u_x - nu u_xx` of u(t, x), in m/s^2.
pub fn burgers(equation: &Burgers, u: &Jet) -> Tensor<2> {
    let nu = equation.viscosity;
    u.first(0) + u.value() * u.first(1) - u.second(1, 1).mul_scalar(nu)
}

/// `u_t - epsilon u_xx - r (u - u^3)` of u(t, x), in 1/s.
pub fn allen_cahn(equation: &AllenCahn, u: &Jet) -> Tensor<2> {
    let value = u.value();
    let reaction = value.clone() - value.clone() * value.clone() * value;
    u.first(0)
        - u.second(1, 1).mul_scalar(equation.diffusivity)
        - reaction.mul_scalar(equation.rate)
}

/// `u_t + c u_x` of u(t, x), in units of u per s; c in m/s.
pub fn advection(speed: f64, u: &Jet) -> Tensor<2> {
    u.first(0) + u.first(1).mul_scalar(speed)
}

/// Two-dimensional flow, from velocity u, v and vorticity w at (t, x, y), with what forces the
/// vorticity `[N, 1]` in 1/s^2: the vorticity equation (1/s^2), `w - v_x + u_y` (1/s) and the
/// divergence (1/s).
pub fn navier_stokes(equation: &NavierStokes, flow: &Jet, forcing: &Tensor<2>) -> Tensor<2> {
    let [u, v, w] = [0, 1, 2].map(|n| Function::of(flow, n));
    let laplacian = w.by_two(1, 1) + w.by_two(2, 2);
    let along = u.value() * w.by(1) + v.value() * w.by(2);
    columns(vec![
        w.by(0) + along - laplacian.mul_scalar(equation.viscosity)
            + w.value().mul_scalar(equation.drag)
            - forcing.clone(),
        w.value() - v.by(1) + u.by(2),
        u.by(1) + v.by(2),
    ])
}

/// Shallow water on a plane, from velocity u, v and thickness h at (t, x, y), with gravity in m/s^2 and
/// a Coriolis parameter in 1/s: two equations of momentum (m/s^2) and one of mass (m/s).
pub fn shallow_water_plane(gravity: f64, coriolis: f64, flow: &Jet) -> Tensor<2> {
    let [u, v, h] = [0, 1, 2].map(|n| Function::of(flow, n));
    let along = |q: &Function| u.value() * q.by(1) + v.value() * q.by(2);
    columns(vec![
        u.by(0) + along(&u) - v.value().mul_scalar(coriolis) + h.by(1).mul_scalar(gravity),
        v.by(0) + along(&v) + u.value().mul_scalar(coriolis) + h.by(2).mul_scalar(gravity),
        h.by(0) + along(&h) + h.value() * (u.by(1) + v.by(2)),
    ])
}

/// sine and cosine of the latitude, the second of (t, latitude, longitude), `[N, 1]` each.
fn latitude(at: &Tensor<2>) -> (Tensor<2>, Tensor<2>) {
    let phi = at.clone().narrow(1, 1, 1);
    (phi.clone().sin(), phi.cos())
}

/// Shallow water on the sphere, from eastward and northward wind u, v and thickness h at (t, latitude,
/// longitude), angles in rad, `at` these points `[N, 3]`: momentum (m/s^2) and mass (m/s), each times the
/// cosine of the latitude, so that nothing is divided by zero (Williamson et al., J. Comput. Phys.
/// 102, 1992, eqs. 22 to 24). For an axis of rotation through the poles.
pub fn shallow_water(equation: &ShallowWater, flow: &Jet, at: &Tensor<2>) -> Tensor<2> {
    let (sin, cos) = latitude(at);
    let [u, v, h] = [0, 1, 2].map(|n| Function::of(flow, n));
    let (a, g) = (equation.radius, equation.gravity);
    let along =
        |q: &Function| (u.value() * q.by(2) + cos.clone() * v.value() * q.by(1)).div_scalar(a);
    // f cos(phi) + u tan(phi) cos(phi) / a
    let turn = sin.clone() * cos.clone().mul_scalar(2.0 * equation.rotation)
        + (sin.clone() * u.value()).div_scalar(a);
    let divergence = u.by(2) + cos.clone() * v.by(1) - sin * v.value();
    columns(vec![
        cos.clone() * u.by(0) + along(&u) - turn.clone() * v.value() + h.by(2).mul_scalar(g / a),
        cos.clone() * v.by(0)
            + along(&v)
            + turn * u.value()
            + cos.clone() * h.by(1).mul_scalar(g / a),
        cos.clone() * h.by(0) + along(&h) + (h.value() * divergence).div_scalar(a),
    ])
}

/// The barotropic vorticity equation, from the stream function psi in m^2/s and the vorticity zeta in
/// 1/s at (t, latitude, longitude), `at` these points: the equation times the cosine of the latitude
/// (1/s^2), and `zeta - laplacian psi` times its square (1/s). The wind is
/// `u = -psi_phi / a, v = psi_lambda / (a cos phi)`.
pub fn barotropic(equation: &Barotropic, flow: &Jet, at: &Tensor<2>) -> Tensor<2> {
    let (sin, cos) = latitude(at);
    let [psi, zeta] = [0, 1].map(|n| Function::of(flow, n));
    let square = equation.radius * equation.radius;
    // The planetary vorticity 2 Omega sin(phi) changes with latitude alone.
    let absolute = zeta.by(1) + cos.clone().mul_scalar(2.0 * equation.rotation);
    let jacobian = psi.by(2) * absolute - psi.by(1) * zeta.by(2);
    let cos_square = cos.clone() * cos.clone();
    let laplacian =
        psi.by_two(2, 2) + cos_square.clone() * psi.by_two(1, 1) - sin * cos.clone() * psi.by(1);
    columns(vec![
        cos * zeta.by(0) + jacobian.div_scalar(square),
        cos_square * zeta.value() - laplacian.div_scalar(square),
    ])
}

/// Maxwell's equations along a line, from E and H (Ez, Hy in units where the speed of light and the
/// wave impedance of the vacuum are 1) at (t, x), with relative permittivity and permeability
/// `[N, 2]`: `eps E_t - H_x` and `mu H_t - E_x`.
pub fn maxwell_line(fields: &Jet, media: &Tensor<2>) -> Tensor<2> {
    let [e, h] = [0, 1].map(|n| Function::of(fields, n));
    let [eps, mu] = [0, 1].map(|n| media.clone().narrow(1, n, 1));
    columns(vec![eps * e.by(0) - h.by(1), mu * h.by(0) - e.by(1)])
}

/// Maxwell's equations in the plane, TE: Ex, Ey, Hz at (t, x, y) in units where the speed of light and the
/// wave impedance of the vacuum are 1, with relative permittivity, permeability and the sources
/// (electric current density along x and y, magnetic one along z) `[N, 5]`:
/// `eps Ex_t - Hz_y + Jx`, `eps Ey_t + Hz_x + Jy`, `mu Hz_t + Ey_x - Ex_y + M`.
pub fn maxwell_te(fields: &Jet, given: &Tensor<2>) -> Tensor<2> {
    let [ex, ey, hz] = [0, 1, 2].map(|n| Function::of(fields, n));
    let [eps, mu, jx, jy, m] = [0, 1, 2, 3, 4].map(|n| given.clone().narrow(1, n, 1));
    columns(vec![
        eps.clone() * ex.by(0) - hz.by(2) + jx,
        eps * ey.by(0) + hz.by(1) + jy,
        mu * hz.by(0) + ey.by(1) - ex.by(2) + m,
    ])
}

/// Maxwell's equations in the plane, TM: Hx, Hy, Ez, otherwise as [`maxwell_te`] with sources (magnetic
/// current density along x and y, electric one along z): `mu Hx_t + Ez_y + Mx`,
/// `mu Hy_t - Ez_x + My`, `eps Ez_t - Hy_x + Hx_y + J`.
pub fn maxwell_tm(fields: &Jet, given: &Tensor<2>) -> Tensor<2> {
    let [hx, hy, ez] = [0, 1, 2].map(|n| Function::of(fields, n));
    let [eps, mu, mx, my, j] = [0, 1, 2, 3, 4].map(|n| given.clone().narrow(1, n, 1));
    columns(vec![
        mu.clone() * hx.by(0) + ez.by(2) + mx,
        mu * hy.by(0) - ez.by(1) + my,
        eps * ez.by(0) - hy.by(1) + hx.by(2) + j,
    ])
}

/// The wave equation of a potential at (t, x, y) in a vacuum, in units where the speed of light is 1, with
/// a source `[N, 1]`: `p_tt - p_xx - p_yy + s`. With `Ez = p_t, Hx = -p_y, Hy = p_x` two of Maxwell's
/// equations hold whatever p is, and this is the third, Ampere's law with a current s; with
/// `Hz = p_t, Ex = p_y, Ey = -p_x` it is Faraday's law with a magnetic current s.
pub fn wave(potential: &Jet, source: &Tensor<2>) -> Tensor<2> {
    let p = Function::of(potential, 0);
    p.by_two(0, 0) - p.by_two(1, 1) - p.by_two(2, 2) + source.clone()
}

/// The Helmholtz equation of a complex field, real and imaginary part, at (x, y): with the wave number in
/// rad/m and `[N, 4]` given, the relative permittivity (real and imaginary part) and the source:
/// `(u_xx + u_yy) / k^2 + eps u - f`.
pub fn helmholtz(wave_number: f64, field: &Jet, given: &Tensor<2>) -> Tensor<2> {
    let [real, imaginary] = [0, 1].map(|n| Function::of(field, n));
    let [er, ei, fr, fi] = [0, 1, 2, 3].map(|n| given.clone().narrow(1, n, 1));
    let laplacian =
        |u: &Function| (u.by_two(0, 0) + u.by_two(1, 1)).div_scalar(wave_number * wave_number);
    let (re, im) = (real.value(), imaginary.value());
    columns(vec![
        laplacian(&real) + er.clone() * re.clone() - ei.clone() * im.clone() - fr,
        laplacian(&imaginary) + er * im + ei * re - fi,
    ])
}
