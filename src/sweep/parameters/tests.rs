use super::*;

fn points(text: &str) -> Result<Points> {
    let section: ParametersSection = toml::from_str(text).unwrap();
    Points::new(&section, Path::new("."), 7)
}

fn message(text: &str) -> String {
    points(text).unwrap_err().to_string()
}

fn shown(points: &Points) -> Vec<String> {
    let row = |task| points.point(task).iter().map(Value::to_string).collect::<Vec<_>>().join(" ");
    (0..points.len()).map(row).collect()
}

#[test]
fn the_first_parameter_of_a_grid_varies_slowest() {
    let grid = points("[values]\nz = [1, 2]\na = { from = 0.0, to = 1.0, count = 3 }\nm = ['x']").unwrap();
    assert_eq!(grid.names(), ["z", "a", "m"]);
    assert_eq!(shown(&grid), ["1 0.0 x", "1 0.5 x", "1 1.0 x", "2 0.0 x", "2 0.5 x", "2 1.0 x"]);
}

#[test]
fn a_large_grid_is_never_listed() {
    let axis = "{ from = 1, to = 1000000, step = 1 }";
    let grid = points(&format!("[values]\na = {axis}\nb = {axis}\nc = {axis}")).unwrap();
    assert_eq!(grid.len(), 1_000_000_000_000_000_000);
    assert_eq!(grid.point(grid.len() - 1), [1_000_000; 3].map(Value::Integer));
    let told = message(&format!("[values]\na = {axis}\nb = {axis}\nc = {axis}\nd = {axis}"));
    assert!(told.contains("more than 2^64"), "{told}");
}

#[test]
fn zip_takes_values_side_by_side() {
    let zip = points("combine = 'zip'\n[values]\na = [1, 2]\nb = { from = 5, to = 6, count = 2 }").unwrap();
    assert_eq!(shown(&zip), ["1 5", "2 6"]);
    let told = message("combine = 'zip'\n[values]\na = [1, 2]\nb = [1]");
    assert_eq!(told, "parameters.values.b: has 1 values, but `a` has 2: combine = \"zip\" needs as many");
}

#[test]
fn listed_points_are_those_of_the_list() {
    let list = points("combine = 'list'\nlist = [{ b = 1, a = 'x' }, { a = 'y', b = 2 }]").unwrap();
    assert_eq!(list.names(), ["b", "a"]);
    assert_eq!(shown(&list), ["1 x", "2 y"]);
}

#[test]
fn samples_fill_ranges_and_follow_the_seed() {
    let text = "combine = 'latin_hypercube'\nsamples = 10\n[values]\na = { from = 0.0, to = 10.0 }\nb = ['x', 'y']";
    let sampled = points(text).unwrap();
    let mut slices: Vec<i64> = (0..10).map(|i| sampled.value(i, 0).number().unwrap() as i64).collect();
    slices.sort_unstable();
    assert_eq!(slices, (0..10).collect::<Vec<_>>());
    let chosen = (0..10).filter(|&i| sampled.value(i, 1) == Value::Text("x".into())).count();
    assert_eq!(chosen, 5);
    let section: ParametersSection = toml::from_str(text).unwrap();
    assert_ne!(shown(&sampled), shown(&Points::new(&section, Path::new("."), 8).unwrap()));
    let sobol = points(&text.replace("latin_hypercube", "sobol")).unwrap();
    assert_ne!(shown(&sampled), shown(&sobol));
}

#[test]
fn keys_that_do_not_go_together_are_refused() {
    assert!(message("").starts_with("parameters.values: is missing or empty: combine = \"grid\" needs it"));
    assert!(message("combine = 'csv'").starts_with("parameters.file: is missing"));
    assert!(message("combine = 'list'\nlist = []").starts_with("parameters.list: is missing"));
    assert!(message("combine = 'sobol'\nvalues.a = 1").starts_with("parameters.samples: is missing"));
    assert!(message("samples = 3\nvalues.a = 1").contains("goes with combine = \"latin_hypercube\", \"sobol\""));
    assert!(message("combine = 'posterior'").starts_with("parameters.file: is missing"));
    assert!(message("combine = 'csv'\nfile = 'a'\nchoose = 'even'").starts_with("parameters.choose: goes with"));
    assert!(message("combine = 'posterior'\nfile = 'a'\nvalues.a = 1").starts_with("parameters.values: goes with"));
    assert!(message("combine = 'csv'\nfile = 'a'\nvalues.a = 1").starts_with("parameters.values: goes with"));
    assert!(message("combine = 'sobol'\nsamples = 2\ncentred = true\nvalues.a = 1").contains("parameters.centred"));
    assert!(message("combine = 'sobol'\nsamples = 0\nvalues.a = 1").contains("at least 1"));
    assert!(message("values.a = { from = 1, to = 2 }").starts_with("parameters.values.a: count or step is missing"));
}

#[test]
fn names_that_cannot_be_told_apart_or_are_taken_are_refused() {
    let twice = ["Omega", "omega", "Omega"].map(str::to_owned);
    assert!(check_names(&twice).unwrap_err().to_string().contains("the name `Omega` stands twice"));
    assert!(message("values = { seed = 1 }").contains("`seed` is taken"));
    assert!(message("values = { 'a{b}' = 1 }").contains("is not allowed"));
    assert!(message("values = { '' = 1 }").contains("is not allowed"));
    assert!(points("values = { 'bodies.b.period' = 1 }").is_ok());
}

/// Of orbits: the node and the periapsis, a mean anomaly and a mass.
#[test]
fn names_that_differ_in_capitals_are_two_parameters() {
    let points = points("values = { Omega = [1, 2], omega = [3, 4], M = 5, m = 6 }").unwrap();
    assert_eq!((points.names().join(" "), points.len()), ("Omega omega M m".to_owned(), 4));
    assert_eq!(points.point(1), [1, 4, 5, 6].map(Value::Integer));
}

#[test]
fn a_description_differs_where_points_do() {
    let told = |text: &str| points(text).unwrap().describe();
    let grid = told("values = { a = [1, 2], b = { from = 0.0, to = 1.0, count = 3 } }");
    let expected = [
        "parameters.combine = grid",
        "parameters.tasks = 6",
        "parameters.values.a = [1, 2]",
        "parameters.values.b = from 0.0 to 1.0 count 3",
    ];
    assert_eq!(grid, expected);
    assert_ne!(told("values = { a = 1, b = 2 }"), told("values = { b = 2, a = 1 }"));
}
