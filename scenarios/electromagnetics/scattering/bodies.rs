//! Dielectric bodies: as written in files, as the solver takes them, and at random.

use super::settings::TrainingSet;
use crate::config::{Metres, Radians};
use curlwind_solvers::maxwell::Axis;
use curlwind_solvers::maxwell::geometry::{Material, Medium, Shape, Solid};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::f64::consts::{PI, TAU};

/// Corners of the polygon that stands for an ellipse, scaled to its area.
const CORNERS: usize = 40;
/// Tries to place the bodies of a random scene before it begins anew.
const TRIES: usize = 200;
/// Share of the side that random bodies keep from the square's edges.
const BORDER: f64 = 0.02;

/// Bodies and the wave on them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneEntry {
    /// Direction of travel, from x towards y.
    #[serde(default)]
    pub angle: Radians,
    /// The bodies; later ones lie over earlier ones.
    #[serde(default)]
    pub bodies: Vec<BodyEntry>,
}

/// A body: exactly one of the shapes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyEntry {
    /// Relative permittivity.
    pub permittivity: f64,
    /// A round rod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circle: Option<Circle>,
    /// An elliptic rod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ellipse: Option<Ellipse>,
    /// A rectangular rod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rectangle: Option<Rectangle>,
}

/// A round rod.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Circle {
    /// Its axis.
    pub centre: [Metres; 2],
    /// Its radius.
    pub radius: Metres,
}

/// An elliptic rod.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ellipse {
    /// Its axis.
    pub centre: [Metres; 2],
    /// Half its extents, before it is turned along x and y.
    pub semi_axes: [Metres; 2],
    /// Turn from x towards y.
    #[serde(default)]
    pub rotation: Radians,
}

/// A rectangular rod.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rectangle {
    /// Its axis.
    pub centre: [Metres; 2],
    /// Its extents, before it is turned along x and y.
    pub size: [Metres; 2],
    /// Turn from x towards y.
    #[serde(default)]
    pub rotation: Radians,
}

impl BodyEntry {
    /// The body as the solver takes it, `depth` m to both sides along z. A refusal names the key.
    pub fn solid(&self, number: usize, depth: f64) -> Result<Solid, (&'static str, String)> {
        if !(self.permittivity.is_finite() && self.permittivity >= 1.0) {
            let found = self.permittivity;
            return Err(("permittivity", format!("expected 1 or more, found {found}")));
        }
        let mut shapes = Vec::new();
        if let Some(circle) = &self.circle {
            let [x, y] = circle.centre.map(|c| c.si());
            shapes.push(Shape::Cylinder {
                start: [x, y, -depth],
                end: [x, y, depth],
                radius: circle.radius.si(),
            });
        }
        if let Some(ellipse) = &self.ellipse {
            // an inscribed polygon is smaller by this much
            let step = TAU / CORNERS as f64;
            let scale = (step / step.sin()).sqrt();
            let [a, b] = ellipse.semi_axes.map(|c| c.si() * scale);
            let corners = (0..CORNERS).map(|n| {
                let (sin, cos) = (n as f64 * step).sin_cos();
                [a * cos, b * sin]
            });
            shapes.push(turned(corners, ellipse.centre, ellipse.rotation, depth));
        }
        if let Some(rectangle) = &self.rectangle {
            let [a, b] = rectangle.size.map(|c| c.si() / 2.0);
            let corners = [[-a, -b], [a, -b], [a, b], [-a, b]].into_iter();
            shapes.push(turned(corners, rectangle.centre, rectangle.rotation, depth));
        }
        let count = shapes.len();
        let (Some(shape), 1) = (shapes.pop(), count) else {
            let reason = format!(
                "a body has one shape (circle, ellipse or rectangle), this one has {count}"
            );
            return Err(("", reason));
        };
        let medium = Medium::dielectric(self.permittivity);
        let solid = Solid::new(
            format!("body {}", number + 1),
            shape,
            Material::Medium(medium),
        );
        match solid.validate() {
            Ok(()) => Ok(solid),
            Err(error) => Err(("", error.to_string())),
        }
    }
}

fn turned(
    corners: impl Iterator<Item = [f64; 2]>,
    centre: [Metres; 2],
    rotation: Radians,
    depth: f64,
) -> Shape {
    let (sin, cos) = rotation.si().sin_cos();
    let [x, y] = centre.map(|c| c.si());
    Shape::Polygon {
        axis: Axis::Z,
        offset: -depth,
        thickness: 2.0 * depth,
        points: corners
            .map(|[a, b]| [x + a * cos - b * sin, y + a * sin + b * cos])
            .collect(),
    }
}

/// Which random scenes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Those of the training set.
    Trained,
    /// With higher permittivities.
    Permittivity,
    /// With more bodies.
    Bodies,
}

impl SceneEntry {
    /// Random scene number `index`: a function of the seed, the kind and the number alone. Bodies
    /// do not touch, nor the edges of the square; `None` where they find no room.
    pub fn random(
        set: &TrainingSet,
        side: f64,
        seed: u64,
        kind: Kind,
        index: usize,
    ) -> Option<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(((kind as u64) << 32) | index as u64);
        let count = rng.random_range(set.bodies[0]..=set.bodies[1]);
        let angle = Radians::from_si(rng.random_range(0.0..TAU));
        for _ in 0..TRIES {
            if let Some(bodies) = place(set, side, count, &mut rng) {
                return Some(Self { angle, bodies });
            }
        }
        None
    }

    /// The bodies as the solver takes them. A refusal names the key.
    pub fn solids(&self, depth: f64) -> Result<Vec<Solid>, (String, String)> {
        let bodies = self.bodies.iter().enumerate();
        bodies
            .map(|(n, body)| {
                body.solid(n, depth).map_err(|(key, reason)| {
                    let dot = if key.is_empty() { "" } else { "." };
                    (format!("bodies.{n}{dot}{key}"), reason)
                })
            })
            .collect()
    }
}

fn place(
    set: &TrainingSet,
    side: f64,
    count: usize,
    rng: &mut ChaCha8Rng,
) -> Option<Vec<BodyEntry>> {
    let mut circles: Vec<([f64; 2], f64)> = Vec::new();
    let mut bodies = Vec::new();
    for _ in 0..count {
        let radius = uniform(rng, set.radius.map(|r| r.si()));
        let reach = (0.5 - BORDER) * side - radius;
        let apart = |centre: [f64; 2]| {
            circles.iter().all(|(other, r)| {
                let distance = (centre[0] - other[0]).hypot(centre[1] - other[1]);
                distance > radius + r
            })
        };
        let mut tries = (0..TRIES).map(|_| [0; 2].map(|_| uniform(rng, [-reach, reach])));
        let centre = tries.find(|&centre| apart(centre))?;
        circles.push((centre, radius));
        bodies.push(random_body(set, centre, radius, rng));
    }
    Some(bodies)
}

/// A body in the circle of `radius` m round `centre`, which it touches.
fn random_body(
    set: &TrainingSet,
    centre: [f64; 2],
    radius: f64,
    rng: &mut ChaCha8Rng,
) -> BodyEntry {
    let mut body = BodyEntry {
        permittivity: uniform(rng, set.permittivity),
        circle: None,
        ellipse: None,
        rectangle: None,
    };
    let centre = centre.map(Metres::from_si);
    let shape = rng.random_range(0..3);
    let ratio = rng.random_range(0.5..1.0);
    let rotation = Radians::from_si(rng.random_range(0.0..PI));
    match shape {
        0 => {
            body.circle = Some(Circle {
                centre,
                radius: Metres::from_si(radius),
            });
        }
        1 => {
            // the polygon that stands for it is a little larger
            let a = 0.99 * radius;
            body.ellipse = Some(Ellipse {
                centre,
                semi_axes: [a, a * ratio].map(Metres::from_si),
                rotation,
            });
        }
        _ => {
            let length = 2.0 * radius / f64::hypot(1.0, ratio);
            body.rectangle = Some(Rectangle {
                centre,
                size: [length, length * ratio].map(Metres::from_si),
                rotation,
            });
        }
    }
    body
}

/// A number between two, which may be equal.
fn uniform(rng: &mut ChaCha8Rng, [low, high]: [f64; 2]) -> f64 {
    low + (high - low) * rng.random::<f64>()
}
