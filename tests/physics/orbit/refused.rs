//! Models, priors and observations that don't go together.

use divisi::orbit::{Fit, Format, Observations, OrbitSection};
use divisi::simd::Level;

const ASTROMETRY: &str = "epoch,object,sep,sep_err,pa,pa_err\n55645.95,1,2479,16,327.94,0.39\n";
const STAR: &str = "epoch,object,rv,rv_err\n55645.95,0,1.0,0.1\n55745.95,0,1.1,0.1\n";
const MASSES: &str = "plx = 50\nmtot = 1.2";

#[track_caller]
fn refused(text: &str, model: &str, priors: &str, place: &str, reason: &str) {
    let observations = Observations::from_texts([("data.csv", text)], Format::Auto).expect("observations");
    let orbit: OrbitSection = toml::from_str(model).expect("a model");
    let error =
        Fit::new(observations, &orbit, &priors.parse().expect("priors"), Level::detect()).unwrap_err().to_string();
    assert!(error.starts_with(place) && error.contains(reason), "{model} {priors}: {error}");
}

#[test]
fn impossible_models_name_their_key() {
    refused(ASTROMETRY, "companions = 0", MASSES, "orbit.companions", "from 1 to 9");
    refused(ASTROMETRY, "companions = 10", MASSES, "orbit.companions", "from 1 to 9");
    refused(ASTROMETRY, "basis = \"period\"", "", "orbit.basis", "velocities of the star alone");
    refused(STAR, "", MASSES, "orbit.companion_masses", "companion_masses = true");
    refused(STAR, "basis = \"period\"\ncompanion_masses = true", "", "orbit.companion_masses", "has no masses");
    refused(ASTROMETRY, "dynamics = \"nbody\"", MASSES, "orbit.dynamics", "companion_masses = true");
    refused(ASTROMETRY, "trend = \"linear\"", MASSES, "orbit.trend", "there is none");
    refused(ASTROMETRY, "tau_ref_epoch = nan", MASSES, "orbit.tau_ref_epoch", "no date");
    refused(STAR, "basis = \"period\"\ntime_base = inf", "", "orbit.time_base", "no date");
}

#[test]
fn unknown_objects_name_their_line() {
    refused(
        &ASTROMETRY.replace(",1,", ",2,"),
        "",
        MASSES,
        "data.csv, line 2",
        "object 2 is unknown: orbit.companions is 1",
    );
}

#[test]
fn unknown_keys_of_a_model_are_refused() {
    for text in ["companion = 1", "basis = \"sam\"", "trend = true", "dynamics = \"n-body\""] {
        assert!(toml::from_str::<OrbitSection>(text).is_err(), "{text}");
    }
}

#[test]
fn impossible_priors_name_their_key() {
    for (priors, place, reason) in [
        ("mtot = 1.2", "priors.plx", "is missing"),
        ("plx = 50", "priors.mtot", "is missing"),
        ("plx = 50\nmtot = 1.2\necc2 = 0.1", "priors.ecc2", "did you mean `ecc1`?"),
        ("plx = 50\nmtot = 1.2\nm0 = 0.1", "priors.m0", "no parameter `m0`"),
        ("plx = 50\nmtot = 1.2\necc1 = { uniform = [1.0, 2.0] }", "priors.ecc1", "beyond what can be"),
        ("plx = 50\nmtot = 1.2\necc1 = { normal = [0.1, 0] }", "priors.ecc1", "positive deviation"),
        ("plx = 50\nmtot = 1.2\necc1 = { unifrom = [0, 1] }", "priors.ecc1", "unknown variant `unifrom`"),
        ("plx = 50\nmtot = 1.2\necc = 1.5", "priors.ecc", "1.5 is not between 0 and 1"),
        ("plx = 50\nmtot = 1.2\necc1 = 1.0", "priors.ecc1", "ellipse"),
        ("plx = 0.0\nmtot = 1.2", "priors.plx", "above zero"),
        ("plx = 50\nmtot = -1.2", "priors.mtot", "-1.2 is not between"),
        ("plx = 50\nmtot = { log_uniform = [0, 1] }", "priors.mtot", "above zero"),
        ("plx = 50\nmtot = 1\nsma1=1\necc1=0\ninc1=0\naop1=0\npan1=0\ntau1=0", "priors", "nothing is left to fit"),
    ] {
        refused(ASTROMETRY, "", priors, place, reason);
    }
    refused(STAR, "basis = \"period\"", "per = 10\ntc = 2455600", "priors.k1", "is missing");
    refused(
        STAR,
        "basis = \"period\"\ntrend = \"linear\"",
        "per = 10\ntc = 2455600\nk = 1",
        "priors.dvdt",
        "is missing",
    );
}
