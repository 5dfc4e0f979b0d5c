//! dev
mod coordinates;
mod corrector;
mod kepler;
mod sweep;
use crate::error::{Error, Result};
use crate::gravity::system::System;
use crate::lane::Level;
use coordinates::Jacobi;
use corrector::{Part, corrector, inverse};
use sweep::Sweep;

type Vector = [f64; 3];

/// WH
#[derive(Clone, Debug)]
pub struct WisdomHolman {
    gm: Vec<f64>,
    dt: f64,
    order: u32,
    steps: u64,
    centre: [Vector; 2],
    sweep: Sweep,
}
impl WisdomHolman {
    /// new
    pub fn new(system: &System, dt: f64, order: u32) -> Result<Self> {
        if order != 0 && !corrector::orders().any(|o| o == order) {
            return Err(Error::input("corrector", "no"));
        }
        let jacobi = Jacobi::of(system);
        let mut sweep = Sweep::new(&system.gm, &jacobi, Level::best());
        apply(&mut sweep, &corrector(order, dt))?;
        sweep.drift(0.5 * dt)?;
        Ok(Self { gm: system.gm.clone(), dt, order, steps: 0, centre: jacobi.centre, sweep })
    }
    /// step
    #[inline]
    pub fn step(&mut self) -> Result<()> {
        self.sweep.kick(self.dt);
        self.sweep.drift(self.dt)?;
        self.steps += 1;
        Ok(())
    }
    /// sync
    pub fn synchronised(&self) -> Result<System> {
        let mut sweep = self.sweep.clone();
        sweep.drift(-0.5 * self.dt)?;
        apply(&mut sweep, &inverse(&corrector(self.order, self.dt)))?;
        let bodies = (0..sweep.bodies()).map(|i| sweep.body(i));
        let (position, velocity) = bodies.map(|b| (b.position, b.velocity)).unzip();
        let t = self.steps as f64 * self.dt;
        let c = std::array::from_fn(|k| self.centre[0][k] + t * self.centre[1][k]);
        Ok(Jacobi { position, velocity, centre: [c, self.centre[1]] }.system(&self.gm))
    }
}
fn apply(sweep: &mut Sweep, parts: &[Part]) -> Result<()> {
    for part in parts {
        match *part {
            Part::Drift(dt) => sweep.drift(dt)?,
            Part::Kick(dt) => sweep.kick(dt),
        }
    }
    Ok(())
}
