//! What the checks of whole sets of bodies catch.

use super::*;

type Named = (Body, &'static str);

fn body(id: u64, name: &'static str, mass: f64, position: [f64; 3]) -> Named {
    (Body { id, mass, position, ..Body::default() }, name)
}

fn list(named: &[Named]) -> BodyList {
    let mut list = BodyList::default();
    named.iter().for_each(|(body, name)| list.push((*name).to_owned(), *body));
    list
}

fn message(list: &BodyList, softening: f64) -> String {
    validate(list, softening).unwrap_err().to_string()
}

#[test]
fn two_bodies_at_one_place_are_named() {
    let place = [0.0, 2.5, -1.0];
    let mut bodies =
        vec![body(0, "Sun", 1.0, [0.0; 3]), body(1, "Earth", 1e-6, place), body(2, "Mars", 1e-7, [2.0; 3])];
    assert!(validate(&list(&bodies), 0.0).is_ok());
    bodies.push(body(3, "Theia", 0.0, [-0.0, 2.5, -1.0]));
    let message = message(&list(&bodies), 0.0);
    assert!(message.contains("Earth and Theia are at one place (0, 2.5, -1)"), "{message}");
    assert!(validate(&list(&bodies), 0.1).is_ok());
}

#[test]
fn test_particles_may_share_a_place() {
    let bodies = [body(0, "Sun", 1.0, [0.0; 3]), body(1, "", 0.0, [1.0; 3]), body(2, "", 0.0, [1.0; 3])];
    assert!(validate(&list(&bodies), 0.0).is_ok());
}

#[test]
fn many_bodies_at_one_place_are_found_fast() {
    let mut many: BodyList =
        Plummer { n: 100_000, seed: 1, gravity: 1.0, mass: 1.0, virial_radius: 1.0, truncation: None }
            .bodies(0..100_000)
            .into();
    assert!(validate(&many, 0.0).is_ok());
    many.bodies[77_777].position = many.bodies[3].position;
    assert!(message(&many, 0.0).contains("body 3 and body 77777"));
}

#[test]
fn empty_massless_repeated_and_unusable_bodies_are_refused() {
    assert!(message(&list(&[]), 0.0).contains("no bodies"));
    assert!(message(&list(&[body(0, "a", 0.0, [0.0; 3])]), 0.0).contains("all masses are zero"));
    assert!(
        message(&list(&[body(4, "a", 1.0, [0.0; 3]), body(4, "b", 1.0, [1.0; 3])]), 0.0)
            .contains("a and b have the same id 4")
    );
    assert!(message(&list(&[body(0, "a", -1.0, [0.0; 3])]), 0.0).contains("mass of a is -1"));
    assert!(message(&list(&[body(5, "", 1.0, [f64::NAN, 0.0, 0.0])]), 0.0).contains("position of body 5 is NaN"));
}

#[test]
fn columns_must_agree_and_be_usable() {
    let id = [7, 8];
    let one = [1.0, 2.0];
    let zero = [[0.0; 3], [1.0; 3]];
    let bodies = from_columns("ics.hdf5", &id, &one, &zero, &zero).unwrap().bodies;
    assert_eq!((bodies[1].id, bodies[1].mass, bodies[1].position), (8, 2.0, [1.0; 3]));
    let message = from_columns("ics.hdf5", &id, &one[..1], &zero, &zero).unwrap_err().to_string();
    assert!(message.starts_with("ics.hdf5: 2 ids, 1 masses"), "{message}");
    let message = from_columns("ics.hdf5", &id, &[1.0, -2.0], &zero, &zero).unwrap_err().to_string();
    assert!(message.starts_with("ics.hdf5: mass of body 8 is -2"), "{message}");
}

#[test]
fn the_barycentre_comes_to_rest_at_the_origin() {
    let named = [body(0, "a", 3.0, [1.0, 2.0, 3.0]), body(1, "b", 1.0, [5.0, -2.0, 3.0]), body(2, "c", 0.0, [9.0; 3])];
    let mut bodies = list(&named).bodies;
    bodies[1].velocity = [4.0, 0.0, 0.0];
    move_to_barycentre(&mut bodies).unwrap();
    assert_eq!(bodies[0].position, [-1.0, 1.0, 0.0]);
    assert_eq!(bodies[1].velocity, [3.0, 0.0, 0.0]);
    assert_eq!(bodies[2].velocity, [-1.0, 0.0, 0.0]);
    assert!(move_to_barycentre(&mut bodies[2..]).is_err());
}
