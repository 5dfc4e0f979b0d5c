//! The stages that a step is made of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a step is made of stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Time {
    /// Second order in time. A first-order predictor to half the step, then the step from there (Stone & Gardiner 2009).
    Vl2,
    /// Second order in time. Strong-stability-preserving Runge-Kutta (Shu & Osher 1988).
    Rk2,
    /// Third order in time. Strong-stability-preserving Runge-Kutta (Shu & Osher 1988).
    Rk3,
}

/// One stage of a step: from a state at `time` over `share` of the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stage {
    /// Whether it is the first-order predictor of [`Time::Vl2`].
    pub predicts: bool,
    /// The time of the state that the fluxes are taken of, as a share of the step.
    pub time: f64,
    /// The time over which the fluxes act, as a share of the step.
    pub share: f64,
    pub blend: Blend,
}

/// What a stage's state is made of: see [`Base`](super::update::Base).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Blend {
    /// The conserved variables less the differences of the fluxes.
    Same,
    /// Those at the step's beginning less the differences.
    Start,
    /// Those at the beginning, and this share of the way from them to the last stage's less the differences.
    Towards(f64),
}

impl Time {
    /// The name in a parameter file.
    pub fn name(self) -> &'static str {
        match self {
            Time::Vl2 => "vl2",
            Time::Rk2 => "rk2",
            Time::Rk3 => "rk3",
        }
    }

    /// The largest stable share of the time in which a wave crosses a cell along the worst axis.
    ///
    /// Fluxes of all axes act at once: 1 over the number of axes for Runge-Kutta steps; one half for VL2 in two and three
    /// dimensions (Stone & Gardiner 2009, section 3).
    pub fn cfl_limit(self, dimensions: usize) -> f64 {
        match (self, dimensions) {
            (_, 1) => 1.0,
            (Time::Vl2, _) => 0.5,
            (_, d) => 1.0 / d as f64,
        }
    }

    /// The stages in order.
    pub(super) fn stages(self) -> Vec<Stage> {
        let stage = |time, share, blend| Stage { predicts: false, time, share, blend };
        match self {
            Time::Vl2 => {
                // U* = U - dt/2 L(U) of first order,  U' = U - dt L(U*)
                vec![Stage { predicts: true, ..stage(0.0, 0.5, Blend::Same) }, stage(0.5, 1.0, Blend::Same)]
            }
            // U1 = U - dt L(U),  U' = 1/2 U + 1/2 (U1 - dt L(U1))
            Time::Rk2 => vec![stage(0.0, 1.0, Blend::Start), stage(1.0, 1.0, Blend::Towards(0.5))],
            // U1 = U - dt L(U),  U2 = 3/4 U + 1/4 (U1 - dt L(U1)),  U' = 1/3 U + 2/3 (U2 - dt L(U2))
            Time::Rk3 => vec![
                stage(0.0, 1.0, Blend::Start),
                stage(1.0, 1.0, Blend::Towards(0.25)),
                stage(0.5, 1.0, Blend::Towards(2.0 / 3.0)),
            ],
        }
    }
}
