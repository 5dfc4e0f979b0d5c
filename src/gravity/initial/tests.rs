//! What the checks of whole sets of bodies catch.

use super::*;

fn body(id: u64, name: &str, mass: f64, position: [f64; 3]) -> InitialBody {
    InitialBody { id, name: name.into(), mass, position, ..InitialBody::default() }
}

fn message(bodies: &[InitialBody], softening: f64) -> String {
    validate(bodies, softening).unwrap_err().to_string()
}

#[test]
fn two_bodies_at_one_place_are_named() {
    let place = [0.0, 2.5, -1.0];
    let mut bodies =
        vec![body(0, "Sun", 1.0, [0.0; 3]), body(1, "Earth", 1e-6, place), body(2, "Mars", 1e-7, [2.0; 3])];
    assert!(validate(&bodies, 0.0).is_ok());
    bodies.push(body(3, "Theia", 0.0, [-0.0, 2.5, -1.0]));
    let told = message(&bodies, 0.0);
    assert!(told.contains("Earth and Theia are at one place (0, 2.5, -1)"), "{told}");
    assert!(validate(&bodies, 0.1).is_ok());
}

#[test]
fn test_particles_may_share_a_place() {
    let bodies = [body(0, "Sun", 1.0, [0.0; 3]), body(1, "", 0.0, [1.0; 3]), body(2, "", 0.0, [1.0; 3])];
    assert!(validate(&bodies, 0.0).is_ok());
}

#[test]
fn many_bodies_at_one_place_are_found_fast() {
    let mut bodies: Vec<_> =
        Plummer { n: 100_000, seed: 1, gravity: 1.0, mass: 1.0, virial_radius: 1.0, truncation: None }
            .bodies(0..100_000);
    assert!(validate(&bodies, 0.0).is_ok());
    bodies[77_777].position = bodies[3].position;
    assert!(message(&bodies, 0.0).contains("body 3 and body 77777"));
}

#[test]
fn empty_massless_repeated_and_unusable_bodies_are_refused() {
    assert!(message(&[], 0.0).contains("no bodies"));
    assert!(message(&[body(0, "a", 0.0, [0.0; 3])], 0.0).contains("all masses are zero"));
    assert!(
        message(&[body(4, "a", 1.0, [0.0; 3]), body(4, "b", 1.0, [1.0; 3])], 0.0)
            .contains("a and b have the same id 4")
    );
    assert!(message(&[body(0, "a", -1.0, [0.0; 3])], 0.0).contains("mass of a is -1"));
    assert!(message(&[body(5, "", 1.0, [f64::NAN, 0.0, 0.0])], 0.0).contains("position of body 5 is NaN"));
}

#[test]
fn columns_must_agree_and_be_usable() {
    let (id, one, zero) = ([7, 8], [1.0, 2.0], [[0.0; 3], [1.0; 3]]);
    let bodies = from_columns("ics.hdf5", &id, &one, &zero, &zero).unwrap();
    assert_eq!((bodies[1].id, bodies[1].mass, bodies[1].position), (8, 2.0, [1.0; 3]));
    let told = from_columns("ics.hdf5", &id, &one[..1], &zero, &zero).unwrap_err().to_string();
    assert!(told.starts_with("ics.hdf5: 2 ids, 1 masses"), "{told}");
    let told = from_columns("ics.hdf5", &id, &[1.0, -2.0], &zero, &zero).unwrap_err().to_string();
    assert!(told.starts_with("ics.hdf5: mass of body 8 is -2"), "{told}");
}

#[test]
fn the_barycentre_comes_to_rest_at_the_origin() {
    let mut bodies =
        vec![body(0, "a", 3.0, [1.0, 2.0, 3.0]), body(1, "b", 1.0, [5.0, -2.0, 3.0]), body(2, "c", 0.0, [9.0; 3])];
    bodies[1].velocity = [4.0, 0.0, 0.0];
    move_to_barycentre(&mut bodies).unwrap();
    assert_eq!(bodies[0].position, [-1.0, 1.0, 0.0]);
    assert_eq!(bodies[1].velocity, [3.0, 0.0, 0.0]);
    assert_eq!(bodies[2].velocity, [-1.0, 0.0, 0.0]);
    assert!(move_to_barycentre(&mut bodies[2..]).is_err());
}
