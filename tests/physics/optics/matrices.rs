//! Polarization matrices against those of poke (matrices.json, made by matrices.py), Jones pupils and what they say.

use divisi::io::Reader;
use divisi::optics::{Action, Aperture, Complex64, Frame, Polarization, Ray, Shape, Surface, System};
use serde_json::Value;

use super::run;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn surface(told: &Value) -> Surface {
    let number = |key: &str| told[key].as_f64().unwrap();
    let vertex: [f64; 3] = numbers(&told["vertex"]).try_into().unwrap();
    let is_fold = told["axis"][0].as_f64().unwrap() > 0.1;
    let is_mirror = told["mode"] == "reflect";
    let index = numbers(&told["index"]);
    Surface {
        name: "surface".to_owned(),
        frame: Frame::tilted(vertex, [0.0, if is_fold { 45.0 } else { 0.0 }]),
        shape: Shape {
            curvature: if number("radius") == 0.0 { 0.0 } else { 1.0 / number("radius") },
            conic: number("conic"),
            terms: vec![],
        },
        aperture: Aperture::default(),
        action: if is_mirror { Action::Reflect } else { Action::Refract },
        index: Some(Complex64::new(index[0], index[1])),
        layers: vec![],
    }
}

/// A silver fold mirror behind a paraboloid, a Cassegrain of aluminium, a lens: all nine elements to 1e-10.
#[test]
fn matrices_are_those_of_poke() {
    let text = include_str!("matrices.json");
    let systems: Value = serde_json::from_str(text).unwrap();
    for (name, told) in systems.as_object().unwrap() {
        let surfaces = told["surfaces"].as_array().unwrap().iter().map(surface).collect();
        let system = System { surfaces, wavelength: 1e-6 };
        for (place, wanted) in told["places"].as_array().unwrap().iter().zip(told["matrices"].as_array().unwrap()) {
            let place = numbers(place);
            let ray = Ray { place: [place[0], place[1], -0.4], direction: [0.0, 0.0, 1.0], index: 1.0, path: 0.0 };
            let mut polarization = Polarization::none();
            system.trace(ray, |surface, hit| polarization.meet(surface, hit, system.wavelength)).unwrap();
            for (found, wanted) in polarization.matrix.as_flattened().iter().zip(wanted.as_array().unwrap()) {
                let wanted = numbers(wanted);
                let far = found - Complex64::new(wanted[0], wanted[1]);
                assert!(far.norm() < 1e-10, "{name} {place:?}: {found}, {wanted:?}");
            }
        }
    }
}

fn column(reader: &Reader, name: &str) -> Vec<f64> {
    reader.read(&format!("Polarization/{name}")).unwrap()
}

/// A fold mirror at 45 degrees: the middle of the beam sees s along y and p along x. Diattenuation and retardance are those of silver's r_s and r_p
/// there; the Mueller matrix of unpolarized light has the diattenuation in its first row.
#[test]
fn a_fold_mirror_polarizes_as_its_coefficients_say() {
    let folder = tempfile::tempdir().unwrap();
    let words = ["beam.across=21", "beam.subrays=4", "detector.pixels=[16,16]"];
    let reader = run("fold", &words, &folder.path().join("run"));
    let pupil: Vec<f64> = reader.read("Rays/Pupil").unwrap();
    let middle =
        pupil.chunks_exact(2).position(|place| place[0].abs() < 1e-9 && place[1].abs() < 1e-9).expect("a middle");
    let silver = divisi::optics::Material::named("silver").unwrap().index(633e-9).unwrap();
    let found = divisi::optics::coefficients(Complex64::new(1.0, 0.0), &[], silver, 0.5f64.sqrt(), 633e-9);
    let [s, p] = found.reflected.map(|r| r.norm_sqr());
    let diattenuation = (s - p) / (s + p);
    let phase = (-found.reflected[1] / found.reflected[0]).arg().abs();
    let seen = ["Diattenuation", "Retardance", "DiattenuationAxis"].map(|name| column(&reader, name)[middle]);
    assert!((seen[0] - diattenuation).abs() < 1e-12, "{seen:?}, {diattenuation}");
    assert!((seen[1] - phase).abs() < 1e-12, "{seen:?}, {phase}");
    assert!((seen[2].abs() - std::f64::consts::FRAC_PI_2).abs() < 1e-9, "along y: {seen:?}");
    let mueller = &column(&reader, "Mueller")[16 * middle..][..16];
    assert!((mueller[1] / mueller[0] + diattenuation).abs() < 1e-12, "{mueller:?}");
    // A retarder of nearly half a wave in all: what x and y have in common turns over at each reflection.
    assert!(mueller.iter().all(|element| element.abs() <= mueller[0] + 1e-12));
}

/// On the axis of a Cassegrain and of a lens nothing polarizes; at the edges of the beam both do, along the radius and across it, as the square of
/// the radius.
#[test]
fn centred_systems_polarize_at_their_edges() {
    let folder = tempfile::tempdir().unwrap();
    let centred = ["light.field=[0,0]", "detector.vertex=[0,0,6.40631]"];
    let few = ["beam.across=21", "beam.subrays=4", "detector.pixels=[16,16]"];
    for (name, words) in [("cassegrain", &centred[..]), ("lens", &[])] {
        let reader = run(name, &[&few[..], words].concat(), &folder.path().join(name));
        let pupil: Vec<f64> = reader.read("Rays/Pupil").unwrap();
        let diattenuation = column(&reader, "Diattenuation");
        let axis = column(&reader, "DiattenuationAxis");
        let radius = |ray: usize| pupil[2 * ray].hypot(pupil[2 * ray + 1]);
        let most = (0..diattenuation.len()).max_by(|a, b| radius(*a).total_cmp(&radius(*b))).unwrap();
        for (ray, found) in diattenuation.iter().enumerate() {
            let wanted = diattenuation[most] * (radius(ray) / radius(most)).powi(2);
            assert!((found - wanted).abs() < 0.03 * diattenuation[most], "{name}: {found} {wanted}");
        }
        assert!(diattenuation[most] > 1e-6, "{name}");
        // Mirrors reflect s best, across the radius; lenses transmit p best, along it.
        let along = pupil[2 * most + 1].atan2(pupil[2 * most]);
        let turned = (axis[most] - along).sin().abs();
        assert!((turned - if name == "lens" { 0.0 } else { 1.0 }).abs() < 1e-3, "{name}: {turned}");
    }
}
