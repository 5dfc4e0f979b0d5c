use super::*;
use crate::base::units::Units;
use crate::io::{CellField, FileWriter, GridGeometry, Part, Slab, Snapshot, Stamp};
use crate::run::RunFile;

fn file(path: &Path, numbers: &[f64], seed: u64) {
    let file = FileWriter::create_alone(path, 0).unwrap();
    file.replicated("a/x", &[2, 3], numbers).unwrap();
    file.attribute("/", "seed", seed).unwrap();
    file.text("/", "name", "Sun").unwrap();
    file.finish().unwrap();
}

#[test]
fn the_first_place_that_differs_is_named_with_both_values() {
    let folder = tempfile::tempdir().unwrap();
    let a = folder.path().join("a.hdf5");
    let b = folder.path().join("b.hdf5");
    file(&a, &[1.0, 2.0, 3.0, 4.0, 0.0, f64::NAN], 1 << 60);
    file(&b, &[1.0, 2.0, 3.0, 4.0, -0.0, f64::NAN], 1 << 60);
    let report = compare(&a, &b, None).unwrap();
    assert!(report.differences[0].ends_with("a/x[1, 1]: 0.0 and -0.0"), "{report}");
    assert!(compare(&a, &b, Some(Tolerance { relative: 0.0, absolute: 0.0 })).unwrap().is_same());
    file(&b, &[1.0, 2.0, 3.0, 4.0, 0.0, f64::NAN], (1 << 60) + 1);
    assert!(compare(&a, &b, None).unwrap().differences[0].contains("/.seed"));
}

#[test]
fn tolerances_are_relative_to_the_larger_number_or_absolute() {
    let folder = tempfile::tempdir().unwrap();
    let a = folder.path().join("a.csv");
    let b = folder.path().join("b.csv");
    std::fs::write(&a, "step,x\n0,100.0\n1,1e-9\n").unwrap();
    std::fs::write(&b, "step,x\n0,100.1\n1,2e-9\n").unwrap();
    assert!(compare(&a, &b, None).unwrap().differences[0].ends_with("x, row 1: 100.0 and 100.1"));
    assert!(compare(&a, &b, Some(Tolerance { relative: 2e-3, absolute: 1e-8 })).unwrap().is_same());
    assert!(!compare(&a, &b, Some(Tolerance { relative: 2e-3, absolute: 0.0 })).unwrap().is_same());
}

fn grid(path: &Path, low: f64, numbers: &[f64]) {
    let geometry = GridGeometry { cells: [4, 3, 2], low: [low, 0.0, 0.0], high: [1.0; 3], periodic: [false; 3] };
    let stamp = Stamp { time: 0.5, step: 2, units: Units::default() };
    let mut snapshot = Snapshot::create_alone(path, stamp, 0).unwrap();
    let parts = [Part::new(Slab::whole(&geometry.shape()), numbers)];
    snapshot.grid(&geometry, &[CellField::new("density", "", &parts)]).unwrap();
    snapshot.finish().unwrap();
}

#[test]
fn the_first_cell_that_differs_is_named_along_x_y_z() {
    let folder = tempfile::tempdir().unwrap();
    let a = folder.path().join("a.vtkhdf");
    let b = folder.path().join("b.vtkhdf");
    let numbers: Vec<f64> = (0..24).map(f64::from).collect();
    let mut others = numbers.clone();
    others[12 + 2 * 4 + 3] = 0.5;
    grid(&a, 0.0, &numbers);
    grid(&b, 0.0, &others);
    let report = compare(&a, &b, None).unwrap();
    assert!(report.differences[0].ends_with("density in cell (3, 2, 1): 23.0 and 0.5"), "{report}");
    grid(&b, -1.0, &numbers);
    assert!(compare(&a, &b, None).unwrap().differences[0].contains("domain_left_edge"));
    assert!(compare(&a, &a, None).unwrap().is_same());
}

#[test]
fn a_file_that_one_run_lacks_is_a_difference() {
    let folder = tempfile::tempdir().unwrap();
    let a = folder.path().join("a");
    let b = folder.path().join("b");
    for run in [&a, &b] {
        std::fs::create_dir_all(run.join("snapshots")).unwrap();
        std::fs::write(run.join("history.csv"), "step\n0\n").unwrap();
    }
    for number in 0..3 {
        file(&a.join(format!("snapshots/snapshot_00000{number}.hdf5")), &[0.0; 6], 0);
    }
    let runs = [&a, &b].map(|run| RunFolder::at(run).with("rod", [RunFile::result("profile.txt")]));
    let compared = || compare_runs(&runs[0], &runs[1], None).unwrap();
    let report = compared();
    assert_eq!((report.files, report.differing, report.differences.len()), (4, 3, 1), "{report}");
    assert!(report.to_string().contains("snapshot_000000.hdf5 and 2 more: only in"), "{report}");
    assert!(compare(&a, &folder.path().join("a/history.csv"), None).is_err());
    // A simulation's own results are compared, records aren't.
    std::fs::remove_dir_all(a.join("snapshots")).unwrap();
    for (run, number) in [(&a, "0.5"), (&b, "0.25")] {
        std::fs::write(run.join("profile.txt"), format!("cell 1\ncell {number}\n")).unwrap();
        std::fs::write(run.join("run.log"), number).unwrap();
    }
    let report = compared();
    assert_eq!((report.files, report.differing), (2, 1), "{report}");
    assert!(report.differences[0].ends_with("profile.txt: line 2: cell 0.5 and cell 0.25"), "{report}");
    assert!(compare_runs(&runs[0], &runs[1], Some(Tolerance { relative: 0.5, absolute: 0.0 })).unwrap().is_same());
    let none = RunFolder::at(folder.path().join("none"));
    assert!(compare_runs(&none, &none, None).unwrap_err().to_string().contains("hold no run"));
}

/// What stands beside the numbers: the unit of a dataset, numbers and texts of any group, NaN with other bits, whole numbers that are one
/// as floats, what fills a text up; a group that is empty, a second name.
#[test]
fn all_that_is_said_of_any_object_is_compared() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, change: &dyn Fn(&FileWriter)| {
        let path = folder.path().join(name);
        let file = FileWriter::create_alone(&path, 0).unwrap();
        file.replicated("deep/er/x", &[2], &[1.0f64, 2.0]).unwrap();
        file.attribute("/", "seed", 1u64).unwrap();
        change(&file);
        file.finish().unwrap();
        path
    };
    type Changes<'a> = [&'a dyn Fn(&FileWriter); 2];
    let parts: [(&str, Changes<'_>); 8] = [
        (
            "deep/er/x.unit",
            [&|f| f.text("deep/er/x", "unit", "au").unwrap(), &|f| f.text("deep/er/x", "unit", "km").unwrap()],
        ),
        (
            "deep.Spacing",
            [&|f| f.attributes("deep", "Spacing", &[1.0f64, f64::NAN]).unwrap(), &|f| {
                f.attributes("deep", "Spacing", &[2.0f64, f64::NAN]).unwrap()
            }],
        ),
        (
            "deep/er.Length",
            [&|f| f.attribute("deep/er", "Length", 1u64 << 60).unwrap(), &|f| {
                f.attribute("deep/er", "Length", (1u64 << 60) + 1).unwrap()
            }],
        ),
        (
            "deep.Origin",
            [&|f| f.attribute("deep", "Origin", f64::NAN).unwrap(), &|f| {
                f.attribute("deep", "Origin", -f64::NAN).unwrap()
            }],
        ),
        ("deep has the attributes", [&|f| f.text("deep", "a", "").unwrap(), &|f| f.text("deep", "b", "").unwrap()]),
        ("its groups", [&|f| f.group("one").unwrap(), &|f| f.group("two").unwrap()]),
        (
            "its groups and second names",
            [&|f| f.link("/deep/er/x", "y").unwrap(), &|f| f.replicated("y", &[2], &[1.0f64, 2.0]).unwrap()],
        ),
        (
            "units/length",
            [&|f| f.scalar("units/length", 1.0f64).unwrap(), &|f| f.scalar("units/length", 2.0f64).unwrap()],
        ),
    ];
    for (place, [one, other]) in parts {
        let a = write("a.hdf5", one);
        let b = write("b.hdf5", other);
        assert!(compare(&a, &a, None).unwrap().is_same(), "{place}");
        let report = compare(&a, &b, None).unwrap();
        assert!(report.to_string().contains(place), "{place}: {report}");
    }
}

#[test]
fn nothing_compared_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.csv");
    std::fs::write(&empty, "").unwrap();
    let told = compare(&empty, &empty, None).unwrap_err();
    assert!(told.to_string().contains("nothing to compare") && told.status() == 2, "{told}");
    let runs = [0, 1].map(|place| RunFolder::at(folder.path().join(place.to_string())));
    for run in &runs {
        std::fs::create_dir_all(run.root()).unwrap();
        std::fs::write(run.history(), "").unwrap();
    }
    assert!(compare_runs(&runs[0], &runs[1], None).unwrap_err().to_string().contains("nothing to compare"));
    runs.iter().for_each(|run| std::fs::write(run.history(), "step\n0\n").unwrap());
    assert!(compare_runs(&runs[0], &runs[1], None).unwrap().is_same());
}
