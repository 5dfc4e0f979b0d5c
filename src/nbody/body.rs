//! A body, and a list of bodies that have names.
//!
//! This is the one form that a body has on its way from a file to a snapshot: initial conditions make it, ranks share it out,
//! events look at it and change it, files are written from it. Forms for a purpose are made of it: bodies with the
//! forces on them for the steps of many, the columns of a [`System`](super::System) for the integrators of few.

use bytemuck::{Pod, Zeroable};

/// A body; plain data, to be sent and saved.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Body {
    /// A number that no other body has.
    pub id: u64,
    /// Mass; zero makes a test particle, which feels the others and is not felt.
    pub mass: f64,
    /// Radius for collisions, length; zero for a point.
    pub radius: f64,
    /// Position, length.
    pub position: [f64; 3],
    /// Velocity, length/time.
    pub velocity: [f64; 3],
}

impl Body {
    /// The body with its velocity turned round, as it goes back in time.
    pub(crate) fn turned(self) -> Self {
        Body { velocity: self.velocity.map(|v| -v), ..self }
    }
}

/// Bodies with their names, the same on every rank.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BodyList {
    /// The bodies.
    pub bodies: Vec<Body>,
    /// The name of each body, which no other has; bodies without a name have an empty one, or none at the list's end.
    pub names: Vec<String>,
}

impl BodyList {
    /// Adds a body.
    pub fn push(&mut self, name: String, body: Body) {
        self.names.resize(self.bodies.len(), String::new());
        self.names.push(name);
        self.bodies.push(body);
    }

    /// The name of the body at this place of the list, or "body 17" where it has none.
    pub fn label(&self, place: usize) -> String {
        match self.names.get(place).filter(|name| !name.is_empty()) {
            Some(name) => name.clone(),
            None => format!("body {}", self.bodies[place].id),
        }
    }

    /// The ids of the bodies that have names, and their names.
    pub fn named(&self) -> impl Iterator<Item = (u64, &str)> {
        let pairs = self.bodies.iter().zip(&self.names);
        pairs.filter(|(_, name)| !name.is_empty()).map(|(body, name)| (body.id, name.as_str()))
    }
}

impl From<Vec<Body>> for BodyList {
    /// Bodies without names.
    fn from(bodies: Vec<Body>) -> Self {
        BodyList { bodies, names: Vec::new() }
    }
}
