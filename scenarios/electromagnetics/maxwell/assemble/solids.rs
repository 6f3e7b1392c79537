//! Solids and their materials.

use super::super::Loaded;
use super::super::scene::{MaterialEntry, SolidEntry};
use super::{corners, point};
use crate::error::Result;
use curlwind_solvers::maxwell::constants::VACUUM_PERMITTIVITY;
use curlwind_solvers::maxwell::geometry::{Material, Medium, Shape, Solid};
use curlwind_solvers::maxwell::{Axis, Pole};
use std::f64::consts::PI;

impl Loaded {
    pub(super) fn solids(&self) -> Result<Vec<Solid>> {
        let entries = &self.scene.solids;
        entries
            .iter()
            .enumerate()
            .map(|(n, entry)| self.solid(n, entry))
            .collect()
    }

    fn solid(&self, n: usize, entry: &SolidEntry) -> Result<Solid> {
        let path = |key: &str| format!("solids.{n}.{key}");
        let mut shapes = Vec::new();
        if let Some(block) = &entry.block {
            let [min, max] = corners(block);
            shapes.push(Shape::Box { min, max });
        }
        if let Some(cylinder) = &entry.cylinder {
            shapes.push(Shape::Cylinder {
                start: point(cylinder.from),
                end: point(cylinder.to),
                radius: cylinder.radius.si(),
            });
        }
        if let Some(sphere) = &entry.sphere {
            shapes.push(Shape::Sphere {
                centre: point(sphere.centre),
                radius: sphere.radius.si(),
            });
        }
        if let Some(polygon) = &entry.polygon {
            shapes.push(Shape::Polygon {
                axis: polygon.normal.axis(),
                offset: polygon.offset.si(),
                thickness: polygon.thickness.si(),
                points: polygon.points.iter().map(|p| p.map(|c| c.si())).collect(),
            });
        }
        if let Some(sheet) = &entry.sheet {
            let [min, max] = corners(sheet);
            let flat: Vec<Axis> = Axis::ALL
                .into_iter()
                .filter(|&a| min[a as usize] == max[a as usize])
                .collect();
            let [axis] = flat[..] else {
                return Err(self.refuse(
                    &path("sheet"),
                    format!(
                        "a sheet is flat along one axis; this one is along {}",
                        flat.len()
                    ),
                ));
            };
            let plane = |p: [f64; 3]| [p[axis.next() as usize], p[axis.previous() as usize]];
            shapes.push(Shape::Sheet {
                axis,
                offset: min[axis as usize],
                min: plane(min),
                max: plane(max),
            });
        }
        if let Some(wire) = &entry.wire {
            shapes.push(Shape::Wire {
                points: wire.points.iter().map(|&p| point(p)).collect(),
                radius: wire.radius.map(|r| r.si()),
            });
        }
        let count = shapes.len();
        let (Some(shape), 1) = (shapes.pop(), count) else {
            return Err(self.refuse(
                &format!("solids.{n}"),
                format!("a solid has one shape (box, cylinder, sphere, polygon, sheet or wire), `{}` has {count}", entry.name),
            ));
        };
        let mut solid = Solid::new(&entry.name, shape, self.material(n, &entry.material)?);
        solid.priority = entry.priority;
        solid
            .validate()
            .map_err(|error| self.refuse(&format!("solids.{n}"), error))?;
        Ok(solid)
    }

    fn material(&self, n: usize, name: &str) -> Result<Material> {
        match name {
            "pec" => return Ok(Material::Pec),
            "vacuum" => return Ok(Material::Medium(Medium::vacuum())),
            _ => {}
        }
        let Some(entry) = self.scene.materials.get(name) else {
            let names = self.scene.materials.keys().map(String::as_str);
            let known: Vec<&str> = ["pec", "vacuum"].into_iter().chain(names).collect();
            let hint = crate::config::nearest(name, known.iter().copied())
                .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return Err(self.refuse(
                &format!("solids.{n}.material"),
                format!("there is no material `{name}` ({}){hint}", known.join(", ")),
            ));
        };
        self.medium(name, entry).map(Material::Medium)
    }

    fn medium(&self, name: &str, entry: &MaterialEntry) -> Result<Medium> {
        let permittivity = entry.permittivity.xyz();
        let conductivity = match (&entry.conductivity, &entry.loss_tangent) {
            (Some(_), Some(_)) => {
                return Err(self.refuse(
                    &format!("materials.{name}.loss_tangent"),
                    "the conductivity is given as well; one of the two is enough",
                ));
            }
            (Some(sigma), None) => sigma.xyz().map(|s| s.si()),
            (None, Some(loss)) => permittivity
                .map(|eps| 2.0 * PI * loss.frequency.si() * VACUUM_PERMITTIVITY * eps * loss.value),
            (None, None) => [0.0; 3],
        };
        let mut poles = Vec::new();
        poles.extend(
            entry
                .debye
                .iter()
                .map(|p| Pole::debye(p.strength, p.tau.si())),
        );
        poles.extend(
            entry
                .drude
                .iter()
                .map(|p| Pole::drude(p.plasma.si(), p.collision.si())),
        );
        poles.extend(
            entry
                .lorentz
                .iter()
                .map(|p| Pole::lorentz(p.strength, p.resonance.si(), p.damping.si())),
        );
        let medium = Medium {
            permittivity,
            conductivity,
            permeability: entry.permeability.xyz(),
            magnetic_loss: [0.0; 3],
            poles,
        };
        let checked = medium.validate();
        checked.map_err(|error| self.refuse(&format!("materials.{name}"), error))?;
        Ok(medium)
    }
}
