//! The parameters of an N-body run: what bodies, what forces, which integrator, which events.
//!
//! Values that can't be are refused here, where the key is known; what depends on the bodies is checked when they are
//! there.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;

use crate::base::config::{by_kind, positive};
use crate::base::units::{Quantity, Units};
use crate::nbody::events::{EventSettings, OnCollision, OnEncounter, OnEscape};
use crate::nbody::potential::External;
use crate::nbody::tree::{Accuracy, Opening};
use crate::{Error, Parameters, Result};
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use toml::Table;

use super::initial::Initial;
use super::potentials::{PotentialEntry, Potentials, Section, external};

/// The sections of an N-body parameter file beside the framework's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the bodies come from; lengths, times and masses are in the run's units.
    #[serde(with = "by_kind")]
    #[schemars(with = "Initial")]
    pub initial: Initial,
    /// The forces.
    #[serde(default)]
    pub gravity: Gravity,
    /// What pulls on the bodies beside themselves, each potential with a name of its own; for leapfrog, leapfrog_dkd, hermite and ias15.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(with = "BTreeMap<String, Section>")]
    #[schemars(extend("examples" = [{
        "disc": { "kind": "miyamoto_nagai", "mass": 6.8, "scale": 3.0, "height": 0.28 },
        "halo": { "kind": "nfw", "mass": 44.0, "scale": 16.0 }
    }]))]
    pub potentials: IndexMap<String, Table>,
    /// How the bodies are moved.
    pub integrator: Integrator,
    /// What history.csv holds beside energies and momenta.
    #[serde(default)]
    pub history: History,
    /// How the companions of the first body fare, they standing from the inside out; for wisdom_holman and ias15.
    #[serde(default)]
    pub stability: StabilitySettings,
    /// Collisions, close encounters, escapes: what is looked for, and what is done then.
    #[serde(default)]
    pub events: EventSettings,
}

/// `[gravity]`: the forces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gravity {
    /// How forces are summed.
    pub method: ForceMethod,
    /// How exact the tree's forces are; `standard` where neither this nor `theta` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["standard"]))]
    pub accuracy: Option<Accuracy>,
    /// Opening angle of the tree, in place of `accuracy`: a cell acts as a whole where its radius is below this share of its distance. 0: none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0), example = 0.5)]
    pub theta: Option<f64>,
    /// Relative opening criterion of the tree, in place of `accuracy`: a cell of mass M and radius b at a distance d acts as a whole where G M b²/d⁴ is
    /// below this share of a body's last acceleration (GADGET's ErrTolForceAcc).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0), example = 0.0025)]
    pub relative_opening: Option<f64>,
    /// Plummer softening.
    #[schemars(extend("unit" = "length"), range(min = 0.0))]
    pub softening: f64,
    /// Precision of the direct sum. The tree's pairs are in single precision.
    pub precision: Precision,
    /// Whether first post-Newtonian forces act. For ias15, in units with a physical scale.
    pub post_newtonian: bool,
}

impl Gravity {
    /// When the tree opens cells; none for direct sums.
    pub fn opening(&self) -> Option<Opening> {
        let opening = match (self.theta, self.relative_opening) {
            (Some(theta), _) => Opening::theta(theta),
            (None, Some(share)) => Opening::relative(share),
            (None, None) => Opening::from(self.accuracy.unwrap_or_default()),
        };
        (self.method == ForceMethod::Tree).then_some(opening)
    }

    /// Refuses what doesn't go together.
    fn validate(&self, method: Method) -> Result<()> {
        let Gravity { accuracy, theta, relative_opening, precision, .. } = self;
        if self.method == ForceMethod::Direct {
            let of_tree = [
                ("gravity.accuracy", accuracy.is_some()),
                ("gravity.theta", theta.is_some()),
                ("gravity.relative_opening", relative_opening.is_some()),
            ];
            for (place, set) in of_tree {
                if set {
                    return Err(Error::input(place, "goes with gravity.method tree, not with direct"));
                }
            }
            return Ok(());
        }
        only("gravity.method", "tree", true, method, &[Method::Leapfrog, Method::LeapfrogDkd])?;
        if *precision == Precision::F32 {
            return Err(Error::input("gravity.precision", "goes with gravity.method direct, not with tree"));
        }
        if accuracy.is_some() && theta.is_some() {
            return Err(Error::input("gravity.theta", "stands beside accuracy: give only one of them"));
        }
        if let Some(share) = relative_opening {
            positive("gravity.relative_opening", *share, false)?;
            if accuracy.is_some() || theta.is_some() {
                let reason = "stands beside accuracy or theta: give only one of them";
                return Err(Error::input("gravity.relative_opening", reason));
            }
        }
        match theta {
            Some(theta) if !(0.0..1.0).contains(theta) => {
                Err(Error::input("gravity.theta", format!("{theta} is not allowed: it is at least 0 and below 1")))
            }
            _ => Ok(()),
        }
    }
}

/// How forces are summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ForceMethod {
    /// Over all pairs.
    #[default]
    Direct,
    /// By an octree, for tens of thousands of bodies and more. For leapfrog.
    Tree,
}

/// Precision of the direct sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// Double precision.
    #[default]
    F64,
    /// Single precision on relative coordinates, at about twice the speed and an error of some 1e-6. For leapfrog.
    F32,
}

/// `[integrator]`: how the bodies are moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Integrator {
    /// Which integrator.
    #[schemars(extend("examples" = ["leapfrog"]))]
    pub method: Method,
    /// Step. A number, or a text with a unit such as "40 day"; ias15: the first step, hermite with `eta`: the longest one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("unit" = "time"), example = 0.01)]
    pub dt: Option<Quantity>,
    /// Steps of the shortest orbit, in place of `dt`. For wisdom_holman; shorter steps where that orbit is eccentric; 0 where `dt` is given.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub steps_per_orbit: f64,
    /// Step as a share of the time in which forces change. For hermite; for leapfrog with `block_steps`, η in √(2 η ε / acceleration), where ε is the
    /// softening (GADGET's ErrTolIntAccuracy); 0: steps of `dt`.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub eta: f64,
    /// Whether each body has a step of its own, `dt` / 2^n by `eta`; `dt` is the longest one, between whose ends nothing is written. For hermite,
    /// and for leapfrog with gravity.method tree and softening.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("default" = false))]
    pub block_steps: bool,
    /// Order of the symplectic corrector. For wisdom_holman; 0: none.
    #[serde(default)]
    pub corrector: u32,
    /// Precision of the step, smaller is finer. For ias15.
    #[serde(default = "default_epsilon")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub epsilon: f64,
    /// Whether the chaos indicator MEGNO is in history.csv. For ias15 and wisdom_holman.
    #[serde(default)]
    pub megno: bool,
    /// Whether the bodies go back in time. Times are then below 0; `run.until` and `output.times` may be given with their sign or without.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("default" = false))]
    pub backwards: bool,
}

fn default_epsilon() -> f64 {
    1e-9
}

/// The integrators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Kick-drift-kick, second order, symplectic.
    Leapfrog,
    /// Drift-kick-drift, second order, symplectic.
    LeapfrogDkd,
    /// Fourth order, with the derivative of the forces.
    Hermite,
    /// Symplectic map about the first body. For planets that stay on their orbits.
    WisdomHolman,
    /// Fifteenth order, chooses its step. Its error is near machine precision.
    Ias15,
}

/// `[history]`: what history.csv holds beside energies and momenta.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct History {
    /// Orbital elements of each body about the first in history.csv. For few bodies.
    pub elements: bool,
    /// Columns of a star cluster: its density centre, core radius and Lagrangian radii (10, 50 and 90 % of the mass), bound mass and escapers. For
    /// leapfrog, leapfrog_dkd and hermite; a row takes n log n time beyond that of the energy.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("default" = false))]
    pub cluster: bool,
}

/// `[stability]`: what is looked at, and what stops a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StabilitySettings {
    /// Columns closest_hill, axis_drift and survived in history.csv. The least distance of two companions so far in mutual Hill radii, the
    /// largest change of a semi-major axis so far as a share, and 1 or 0.
    pub watch: bool,
    /// Distance of two companions at which the run stops, in mutual Hill radii. 0: never.
    #[schemars(range(min = 0.0))]
    pub hill_radii: f64,
    /// Change of a semi-major axis at which the run stops, as a share of it. 0: never.
    #[schemars(range(min = 0.0))]
    pub axis_drift: f64,
    /// Distance at which the run stops where a companion is unbound. 0: never.
    #[schemars(range(min = 0.0), extend("unit" = "length"))]
    pub escape_radius: f64,
}

impl StabilitySettings {
    /// Whether companions are looked at.
    pub fn any(&self) -> bool {
        self.watch || [self.hill_radii, self.axis_drift, self.escape_radius].iter().any(|limit| *limit > 0.0)
    }

    /// # Errors
    /// A limit that is negative or not finite.
    pub fn validate(&self) -> Result<()> {
        positive("stability.hill_radii", self.hill_radii, true)?;
        positive("stability.axis_drift", self.axis_drift, true)?;
        positive("stability.escape_radius", self.escape_radius, true)
    }
}

/// The parameters of a program whose own potentials are those of `P`.
#[derive(Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct ConfigOf<P> {
    /// The sections.
    pub sections: Config,
    potentials: PhantomData<P>,
}

impl<P: Potentials> JsonSchema for ConfigOf<P> {
    fn schema_name() -> Cow<'static, str> {
        "Config".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Config::json_schema(generator);
        let kinds = schema.pointer_mut("/properties/potentials/additionalProperties/oneOf");
        if let Some(kinds) = kinds.and_then(Value::as_array_mut) {
            kinds.extend(P::ENTRIES.iter().map(|entry| entry.schema().to_value()));
        }
        schema
    }
}

impl<P: Potentials> Parameters for ConfigOf<P> {
    const SECTIONS: bool = true;

    fn is_backwards(&self) -> bool {
        self.sections.integrator.backwards
    }

    fn validate(&self, units: &Units) -> Result<()> {
        self.sections.validate(P::ENTRIES, units)
    }
}

impl<P: Potentials> ConfigOf<P> {
    /// What pulls on the bodies beside themselves.
    ///
    /// # Errors
    /// Sections that make no potential.
    pub fn external(&self, units: &Units) -> Result<External> {
        external(&self.sections.potentials, P::ENTRIES, units)
    }
}

impl Config {
    /// Refuses values that can't be and parameters that don't go together.
    fn validate(&self, potentials: &[PotentialEntry], units: &Units) -> Result<()> {
        let Config { gravity, integrator, events, .. } = self;
        let method = integrator.method;
        self.check_potentials(potentials, units)?;
        let single = [Method::Leapfrog, Method::LeapfrogDkd];
        positive("gravity.softening", gravity.softening, true)?;
        gravity.validate(method)?;
        positive("integrator.eta", integrator.eta, true)?;
        positive("integrator.epsilon", integrator.epsilon, false)?;
        only("gravity.precision", "f32", gravity.precision == Precision::F32, method, &single)?;
        only("gravity.post_newtonian", "true", gravity.post_newtonian, method, &[Method::Ias15])?;
        let own_steps =
            if integrator.block_steps { &[Method::Hermite, Method::Leapfrog][..] } else { &[Method::Hermite] };
        only("integrator.eta", "above 0", integrator.eta > 0.0, method, own_steps)?;
        only("integrator.corrector", "above 0", integrator.corrector > 0, method, &[Method::WisdomHolman])?;
        only("integrator.block_steps", "true", integrator.block_steps, method, own_steps)?;
        self.check_block_steps()?;
        let few = [Method::Ias15, Method::WisdomHolman];
        only("integrator.megno", "true", integrator.megno, method, &few)?;
        only(
            "integrator.steps_per_orbit",
            "above 0",
            integrator.steps_per_orbit > 0.0,
            method,
            &[Method::WisdomHolman],
        )?;
        only("stability", "what it asks for", self.stability.any(), method, &few)?;
        let spread = [Method::Leapfrog, Method::LeapfrogDkd, Method::Hermite];
        only("history.cluster", "true", self.history.cluster, method, &spread)?;
        let softened = [Method::Leapfrog, Method::LeapfrogDkd, Method::Hermite, Method::Ias15];
        only("gravity.softening", "above 0", gravity.softening > 0.0, method, &softened)?;
        if gravity.post_newtonian && units.speed_of_light().is_none() {
            let reason = "needs the speed of light, but these units have no physical scale: choose others in [units]";
            return Err(Error::input("gravity.post_newtonian", reason));
        }
        positive("integrator.steps_per_orbit", integrator.steps_per_orbit, true)?;
        if integrator.steps_per_orbit > 0.0 && integrator.dt.is_some() {
            return Err(Error::input("integrator.steps_per_orbit", "stands beside dt: give only one of them"));
        }
        integrator.dt(units)?;
        self.stability.validate()?;
        if self.stability.any() && (events.collision == OnCollision::Merge || events.escape == OnEscape::Remove) {
            return Err(Error::input("stability", "goes with bodies that stay: not with merge or remove in [events]"));
        }
        events.validate()
    }

    /// Refuses block steps without what they need, and what is looked for at ends of steps that are short.
    fn check_block_steps(&self) -> Result<()> {
        let Config { gravity, integrator, events, .. } = self;
        if !integrator.block_steps {
            return Ok(());
        }
        for (key, is_given) in [("eta", integrator.eta > 0.0), ("dt", integrator.dt.is_some())] {
            if !is_given {
                return Err(Error::input(format!("integrator.{key}"), "is missing: block steps need eta and dt"));
            }
        }
        if integrator.method == Method::Leapfrog {
            if gravity.method != ForceMethod::Tree {
                let reason =
                    "is for direct sums with integrator.method hermite; with leapfrog it needs gravity.method tree";
                return Err(Error::input("integrator.block_steps", reason));
            }
            if gravity.softening == 0.0 {
                let reason =
                    "is 0, and block steps of leapfrog are a share of the time in which a body falls through it";
                return Err(Error::input("gravity.softening", reason));
            }
        }
        let meets = (events.collision, events.close_encounter) != (OnCollision::None, OnEncounter::None);
        if meets {
            let reason = "looks for bodies that meet at the ends of steps of dt: not with integrator.block_steps";
            return Err(Error::input("events", reason));
        }
        Ok(())
    }

    /// Refuses potentials that can't be, and what doesn't know them.
    fn check_potentials(&self, entries: &[PotentialEntry], units: &Units) -> Result<()> {
        let Config { gravity, integrator, potentials, .. } = self;
        external(potentials, entries, units)?;
        let methods = [Method::Leapfrog, Method::LeapfrogDkd, Method::Hermite, Method::Ias15];
        only("potentials", "what is there", !potentials.is_empty(), integrator.method, &methods)?;
        for (key, is_set) in
            [("gravity.post_newtonian", gravity.post_newtonian), ("integrator.megno", integrator.megno)]
        {
            if is_set && !potentials.is_empty() {
                return Err(Error::input(key, "is for bodies alone: not with potentials"));
            }
        }
        Ok(())
    }
}

impl Integrator {
    /// The step in the run's units; none where the method chooses it.
    ///
    /// # Errors
    /// A step that is missing, not positive or in an unknown unit.
    pub fn dt(&self, units: &Units) -> Result<Option<f64>> {
        let place = "integrator.dt";
        match &self.dt {
            Some(dt) => {
                let dt = units.duration(place, dt)?;
                positive(place, dt, false).map(|()| Some(dt))
            }
            None if self.method == Method::Ias15 || self.eta > 0.0 || self.steps_per_orbit > 0.0 => Ok(None),
            None => Err(Error::input(
                place,
                "is missing: this method takes fixed steps, such as dt = 0.01 or dt = \"1 day\"",
            )),
        }
    }
}

/// Refuses a parameter that is `set` with a method that doesn't know it.
fn only(place: &str, value: &str, set: bool, method: Method, methods: &[Method]) -> Result<()> {
    if !set || methods.contains(&method) {
        return Ok(());
    }
    let names: Vec<&str> = methods.iter().map(|method| method.name()).collect();
    let names = names.join(", ");
    let name = method.name();
    Err(Error::input(place, format!("{value} goes with integrator.method {names}, not with {name}")))
}

impl Method {
    /// The name in a parameter file.
    pub fn name(self) -> &'static str {
        match self {
            Method::Leapfrog => "leapfrog",
            Method::LeapfrogDkd => "leapfrog_dkd",
            Method::Hermite => "hermite",
            Method::WisdomHolman => "wisdom_holman",
            Method::Ias15 => "ias15",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::units::Preset;

    const START: &str = "initial.kind = 'pythagorean'\n";

    fn read(text: &str) -> Config {
        toml::from_str(&format!("{START}{text}")).unwrap()
    }

    fn message(text: &str) -> String {
        read(text).validate(&[], &Units::default()).unwrap_err().to_string()
    }

    #[test]
    fn parameters_that_do_not_go_together_are_refused() {
        assert!(message("integrator.method = 'leapfrog'").starts_with("integrator.dt: is missing"));
        assert!(
            message("integrator = { method = 'leapfrog', dt = -1 }").starts_with("integrator.dt: -1 is not allowed")
        );
        let refusal = message("integrator = { method = 'ias15' }\ngravity.precision = 'f32'");
        assert_eq!(
            refusal,
            "gravity.precision: f32 goes with integrator.method leapfrog, leapfrog_dkd, not with ias15"
        );
        assert!(message("integrator = { method = 'hermite', dt = 1, megno = true }").contains("not with hermite"));
        assert!(
            message("integrator = { method = 'wisdom_holman', dt = 1 }\ngravity.softening = 0.1").contains("softening")
        );
        assert!(message("integrator = { method = 'ias15', epsilon = 0 }").starts_with("integrator.epsilon: 0"));
        assert!(
            message("integrator = { method = 'wisdom_holman', dt = 1, steps_per_orbit = 20 }")
                .contains("stands beside dt")
        );
        assert!(message("integrator = { method = 'ias15', steps_per_orbit = 20 }").contains("not with ias15"));
        assert!(
            message("integrator.method = 'ias15'\nstability.hill_radii = -1").starts_with("stability.hill_radii: -1")
        );
        assert!(
            message("integrator = { method = 'leapfrog', dt = 1 }\nstability.watch = true")
                .contains("not with leapfrog")
        );
        assert!(message("integrator.method = 'ias15'\nevents.escape = 'stop'").starts_with("events.escape_radius"));
    }

    #[test]
    fn block_steps_need_a_longest_step_and_a_criterion() {
        let with = |text: &str| message(&format!("integrator = {{ method = 'hermite', block_steps = true, {text} }}"));
        assert!(with("dt = 1").starts_with("integrator.eta: is missing"));
        assert!(with("eta = 0.01").starts_with("integrator.dt: is missing"));
        assert!(with("eta = 0.01, dt = 1 }\nevents = { collision = 'merge'").starts_with("events: looks for bodies"));
        let kicks = |text: &str| {
            message(&format!("integrator = {{ method = 'leapfrog', block_steps = true, eta = 0.1, dt = 1 }}\n{text}"))
        };
        assert!(kicks("").starts_with("integrator.block_steps: is for direct sums with"));
        assert!(kicks("gravity.method = 'tree'").starts_with("gravity.softening: is 0"));
        assert!(
            message("integrator = { method = 'leapfrog', dt = 1, eta = 0.1 }").contains("hermite, not with leapfrog")
        );
        assert!(
            message("integrator = { method = 'leapfrog_dkd', dt = 1, block_steps = true }")
                .contains("not with leapfrog_dkd")
        );
    }

    #[test]
    fn potentials_go_with_methods_that_know_them() {
        let with = |text: &str| message(&format!("potentials.a = {{ kind = 'point', mass = 1 }}\n{text}"));
        let refusal = with("integrator = { method = 'wisdom_holman', dt = 1 }");
        assert_eq!(
            refusal,
            "potentials: what is there goes with integrator.method leapfrog, leapfrog_dkd, hermite, ias15, not with wisdom_holman"
        );
        assert!(with("integrator = { method = 'ias15', megno = true }").starts_with("integrator.megno: is for bodies"));
        assert!(message("integrator.method = 'ias15'\npotentials.a.kind = 'dot'").starts_with("potentials.a.kind"));
    }

    #[test]
    fn what_the_tree_does_not_do_is_refused() {
        let leapfrog = "integrator = { method = 'leapfrog', dt = 1 }\n";
        let tree = |words: &str| message(&format!("{leapfrog}gravity = {{ method = 'tree', {words} }}"));
        assert!(tree("theta = 1.0").starts_with("gravity.theta: 1 is not allowed"));
        assert!(tree("theta = nan").starts_with("gravity.theta: NaN is not allowed"));
        assert!(tree("theta = 0.5, accuracy = 'fast'").contains("stands beside accuracy"));
        assert!(tree("relative_opening = 0.0").starts_with("gravity.relative_opening: 0 is not allowed"));
        assert!(tree("theta = 0.5, relative_opening = 0.01").contains("stands beside accuracy or theta"));
        assert!(
            message(&format!("{leapfrog}gravity.relative_opening = 0.5")).contains("goes with gravity.method tree")
        );
        assert!(tree("precision = 'f32'").contains("goes with gravity.method direct"));
        assert!(message(&format!("{leapfrog}gravity.theta = 0.5")).contains("goes with gravity.method tree"));
        let hermite = "integrator = { method = 'hermite', dt = 1 }\ngravity.method = 'tree'";
        assert!(message(hermite).starts_with("gravity.method: tree goes with integrator.method leapfrog"));
    }

    #[test]
    fn post_newtonian_forces_need_a_physical_scale() {
        let config = read("integrator.method = 'ias15'\ngravity.post_newtonian = true");
        assert!(config.validate(&[], &Units::default()).unwrap_err().to_string().contains("no physical scale"));
        assert!(config.validate(&[], &Units::preset(Preset::AuDayGm)).is_ok());
    }

    #[test]
    fn steps_have_units_or_are_chosen_by_the_method() {
        let units = Units::preset(Preset::AuDayGm);
        let dt = |text: &str| read(&format!("integrator = {{ {text} }}")).integrator.dt(&units).unwrap();
        assert_eq!(dt("method = 'leapfrog', dt = '40 day'"), Some(40.0));
        assert_eq!(dt("method = 'hermite', eta = 0.01"), None);
        assert_eq!(dt("method = 'ias15'"), None);
    }

    #[test]
    fn the_runs_that_come_with_the_program_are_valid() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sims/nbody");
        let mut count = 0;
        for entry in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.extension().is_some_and(|extension| extension == "toml") {
                let mut table: toml::Table = std::fs::read_to_string(&entry).unwrap().parse().unwrap();
                let units = table.remove("units").map_or_else(Units::default, |units| units.try_into().unwrap());
                let until: Quantity = table["run"]["until"].clone().try_into().unwrap();
                assert!(units.duration("run.until", &until).unwrap() > 0.0);
                ["simulation", "run", "output", "checkpoint"].iter().for_each(|key| drop(table.remove(*key)));
                let config: Config = table.try_into().unwrap_or_else(|error| panic!("{}: {error}", entry.display()));
                config.validate(&[], &units).unwrap();
                let gadget = |_: &std::path::Path| Ok(crate::nbody::initial::Model::List(Default::default()));
                config.initial.model(&folder, &units, 1, config.gravity.softening, gadget).unwrap();
                count += 1;
            }
        }
        assert!(count >= 9);
    }
}
