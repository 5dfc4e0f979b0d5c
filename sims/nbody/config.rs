//! The parameters of an N-body run: what bodies, what forces, which integrator, which events.
//!
//! Values that can't be are refused here, where the key is known; what depends on the bodies is checked when they are
//! there.

use divisi::config::positive;
use divisi::gravity::events::{EventSettings, OnCollision, OnEscape};
use divisi::units::{Quantity, Units};
use divisi::{Error, Result};
use serde::{Deserialize, Serialize};

use super::initial::Initial;
use super::stability::StabilitySettings;

/// Every parameter with its default and unit, as `divisi list` shows it.
pub const PARAMETERS: &str = r#"[initial]                # lengths, times and masses in the run's units
kind = "plummer"         # "csv" | "elements" | "orbits" | "gadget" | "plummer" | "cold_sphere" | "kepler" | "figure_eight" |
                         # "pythagorean"
file = "bodies.csv"      # csv, elements, gadget: the file, relative to the parameter file
orbits = { m0 = 1.0, m1 = 1e-3, sma1 = 5.2, ecc1 = 0.05, inc1 = 0.0, aop1 = 0.0, pan1 = 0.0, tau1 = 0.5 }
                         # orbits: a star and its companions by the names and in the units of orbit fits: au, day, solar masses,
                         # radians, m/s. Also mtot, per1, secosw1 and sesinw1, tp1, tc1, k1
epoch = 58849.0          # orbits: when, day; by default tau_ref_epoch, or without tau the epoch of companion 1
tau_ref_epoch = 58849.0  # orbits: from where tau counts, MJD
n = 1000                 # plummer, cold_sphere (1024): number of bodies
mass = 1.0               # plummer, cold_sphere: of all bodies together
virial_radius = 1.0      # plummer: length
truncation = 10.0        # plummer: no body farther out, length; none by default
radius = 3.0             # cold_sphere: length
masses = [0.5, 0.5]      # kepler: of both bodies
a = 1.0                  # kepler: semi-major axis, length
e = 0.0                  # kepler: eccentricity, at least 0 and below 1

[gravity]
softening = 0.0          # Plummer softening, length
precision = "f64"        # "f64" | "f32" (leapfrog): of the forces
post_newtonian = false   # first post-Newtonian forces (ias15; units with a physical scale)

[integrator]
method = "leapfrog"      # kick-drift-kick; or "leapfrog_dkd" | "hermite" | "wisdom_holman" | "ias15"
steps_per_orbit = 0.0    # wisdom_holman, in place of dt: of the shortest orbit, shorter where it is eccentric
dt = 0.01                # step, time or as text ("40 day"); ias15: the first step, hermite with eta: the longest one
eta = 0.0                # hermite: step as a share of the time in which forces change; 0: fixed step dt
corrector = 0            # wisdom_holman: order of the symplectic corrector; 0: none
epsilon = 1e-9           # ias15: precision of the step, no unit
megno = false            # ias15, wisdom_holman: chaos indicator MEGNO in history.csv

[history]
elements = false         # orbital elements of each body about the first in history.csv, for few bodies

[stability]              # wisdom_holman, ias15: how the companions of the first body fare, they standing from the inside out
watch = false            # columns closest_hill, axis_drift, survived in history.csv: the least distance of two companions so far
                         # in mutual Hill radii, the largest change of a semi-major axis so far as a share, 1 or 0
hill_radii = 0.0         # stop where two come nearer than so many mutual Hill radii; 0: never
axis_drift = 0.0         # stop where a semi-major axis has changed by this share; 0: never
escape_radius = 0.0      # stop where one is unbound and farther than this, length; 0: never

[events]
collision = "none"       # "none" | "stop" | "merge" | "record": distance below the sum of radii
close_encounter = "none" # "none" | "stop" | "record"
close_encounter_distance = 0.0   # length
escape = "none"          # "none" | "stop" | "record" | "remove"
escape_radius = 0.0      # distance from the centre of mass, length; the body must be unbound too
"#;

/// The sections of an N-body parameter file beside the framework's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the bodies come from.
    pub initial: Initial,
    /// The forces.
    #[serde(default)]
    pub gravity: Gravity,
    /// How they are integrated.
    pub integrator: Integrator,
    /// What history.csv holds beside energies and momenta.
    #[serde(default)]
    pub history: History,
    /// How the companions of the first body fare.
    #[serde(default)]
    pub stability: StabilitySettings,
    /// Collisions, close encounters, escapes.
    #[serde(default)]
    pub events: EventSettings,
}

/// `[gravity]`: the forces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gravity {
    /// Plummer softening, length.
    pub softening: f64,
    /// Precision of the forces.
    pub precision: Precision,
    /// Whether first post-Newtonian forces act.
    pub post_newtonian: bool,
}

/// Precision of the forces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// Double.
    #[default]
    F64,
    /// Single, on relative coordinates.
    F32,
}

/// `[integrator]`: how the bodies are moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Integrator {
    /// Which one.
    pub method: Method,
    /// The step, time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dt: Option<Quantity>,
    /// Wisdom-Holman: how many steps make the shortest orbit, in place of `dt`; 0 where `dt` is given.
    #[serde(default)]
    pub steps_per_orbit: f64,
    /// Hermite: the step as a share of the time in which forces change; 0 for a fixed step.
    #[serde(default)]
    pub eta: f64,
    /// Wisdom-Holman: the order of the symplectic corrector; 0 for none.
    #[serde(default)]
    pub corrector: u32,
    /// IAS15: precision of the step.
    #[serde(default = "default_epsilon")]
    pub epsilon: f64,
    /// IAS15 and Wisdom-Holman: whether variational equations give MEGNO.
    #[serde(default)]
    pub megno: bool,
}

fn default_epsilon() -> f64 {
    1e-9
}

/// The integrators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Kick-drift-kick, second order.
    Leapfrog,
    /// Drift-kick-drift, second order.
    LeapfrogDkd,
    /// Fourth order, with the derivative of the forces.
    Hermite,
    /// Symplectic map about the first body.
    WisdomHolman,
    /// Fifteenth order, chooses its step.
    Ias15,
}

/// `[history]`: what history.csv holds beside energies and momenta.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct History {
    /// Orbital elements of each body about the first.
    pub elements: bool,
}

impl Config {
    /// Refuses values that can't be and parameters that don't go together.
    ///
    /// # Errors
    /// Each names its key and says what is allowed.
    pub fn validate(&self, units: &Units) -> Result<()> {
        let Config { gravity, integrator, events, .. } = self;
        let method = integrator.method;
        let single = [Method::Leapfrog, Method::LeapfrogDkd];
        positive("gravity.softening", gravity.softening, true)?;
        positive("integrator.eta", integrator.eta, true)?;
        positive("integrator.epsilon", integrator.epsilon, false)?;
        only("gravity.precision", "f32", gravity.precision == Precision::F32, method, &single)?;
        only("gravity.post_newtonian", "true", gravity.post_newtonian, method, &[Method::Ias15])?;
        only("integrator.eta", "above 0", integrator.eta > 0.0, method, &[Method::Hermite])?;
        only("integrator.corrector", "above 0", integrator.corrector > 0, method, &[Method::WisdomHolman])?;
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
    let (names, name) = (names.join(", "), method.name());
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
    use divisi::units::Preset;

    const START: &str = "initial.kind = 'pythagorean'\n";

    fn read(text: &str) -> Config {
        toml::from_str(&format!("{START}{text}")).unwrap()
    }

    fn message(text: &str) -> String {
        read(text).validate(&Units::default()).unwrap_err().to_string()
    }

    #[test]
    fn parameters_that_do_not_go_together_are_refused() {
        assert!(message("integrator.method = 'leapfrog'").starts_with("integrator.dt: is missing"));
        assert!(
            message("integrator = { method = 'leapfrog', dt = -1 }").starts_with("integrator.dt: -1 is not allowed")
        );
        let told = message("integrator = { method = 'ias15' }\ngravity.precision = 'f32'");
        assert_eq!(told, "gravity.precision: f32 goes with integrator.method leapfrog, leapfrog_dkd, not with ias15");
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
    fn post_newtonian_forces_need_a_physical_scale() {
        let config = read("integrator.method = 'ias15'\ngravity.post_newtonian = true");
        assert!(config.validate(&Units::default()).unwrap_err().to_string().contains("no physical scale"));
        assert!(config.validate(&Units::preset(Preset::AuDayGm)).is_ok());
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
    fn the_parameters_shown_are_those_that_are_read() {
        let table: toml::Table = PARAMETERS.parse().unwrap();
        for (section, mut value) in table {
            let keys = value.as_table_mut().unwrap();
            if section == "initial" {
                ["file", "orbits", "epoch", "tau_ref_epoch", "radius", "masses", "a", "e"]
                    .iter()
                    .for_each(|key| drop(keys.remove(*key)));
            }
            let mut whole: toml::Table = START.parse().unwrap();
            whole.insert("integrator".into(), toml::Table::from_iter([("method".into(), "ias15".into())]).into());
            whole.insert(section.clone(), value);
            assert!(Config::deserialize(whole).is_ok(), "{section}");
        }
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
                config.validate(&units).unwrap();
                let gadget = |_: &std::path::Path| Ok(divisi::gravity::initial::Model::List(Vec::new()));
                config.initial.model(&folder, &units, 1, gadget).unwrap();
                count += 1;
            }
        }
        assert!(count >= 9);
    }
}
