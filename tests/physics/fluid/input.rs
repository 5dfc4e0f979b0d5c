//! Input that is refused: with the place, the reason and exit status 2, before anything is written.

use super::run::ended;

#[test]
fn bad_input_is_refused_with_its_place_and_nothing_is_written() {
    let cases: &[(&str, &str, &[&str])] = &[
        // The schemes and the gas.
        ("blast", "fluid.cfl=0.9", &["fluid.cfl", "0.9", "limit", "vl2"]),
        ("blast", "fluid.cfl=-0.1", &["fluid.cfl", "positive"]),
        ("blast", "fluid.riemann=hlcc", &["fluid.riemann", "hlcc", "hllc"]),
        ("blast", "fluid.reconstruction=plmm", &["fluid.reconstruction", "plmm", "plm"]),
        ("blast", "fluid.time=rk4", &["fluid.time", "rk4", "rk3"]),
        ("blast", "fluid.reconstuction=plm", &["reconstuction", "reconstruction"]),
        ("blast", "fluid.gamma=1.0", &["fluid.gamma", "above 1"]),
        ("blast", "fluid.gas=isothermal", &["fluid.gas", "ideal"]),
        ("blast", "fluid.viscosity=-1", &["fluid.viscosity", "-1"]),
        // The grid and its sides.
        ("blast", "grid.cells=1,64", &["grid.cells", "1"]),
        ("blast", "grid.cells=64,0", &["grid.cells", "at least 1"]),
        ("blast", "grid.cells=[-4]", &["grid.cells", "at least 1"]),
        ("blast", "grid.cells=-4", &["grid.cells", "at least 1"]),
        ("blast", "grid.ranks=-1,1", &["grid.ranks", "at least 1"]),
        ("blast", "grid.blocks=0,1", &["grid.blocks", "at least 1"]),
        ("blast", "grid.cells=2.5,64", &["grid.cells"]),
        ("blast", "grid.low=0.5,-0.75", &["grid.low"]),
        ("blast", "grid.ranks=2,1", &["grid.ranks"]),
        ("blast", "boundary.x=periodic,outflow", &["boundary.x", "periodic"]),
        ("blast", "boundary.y=wall", &["boundary.y", "wall"]),
        ("blast", "boundary.x=fixed", &["boundary.x_low", "missing"]),
        ("shu_osher", "boundary.x_low=1,0,0,0", &["boundary.x_low"]),
        ("linear_wave", "fluid.gas=isothermal fluid.pressure_floor=1e-9", &["fluid.pressure_floor", "ideal"]),
        // The initial state.
        ("sod", "fluid.density_floor=0.2", &["density", "0.125", "cell [", "fluid.density_floor, 0.2"]),
        ("sod", "fluid.pressure_floor=1e300", &["pressure", "cell [0", "fluid.pressure_floor"]),
        ("linear_wave", "problem.amplitude=3 grid.cells=16,8,8", &["density", "cell ["]),
        ("linear_wave", "problem.amplitude=0.9 grid.cells=16,8,8", &["pressure", "cell ["]),
        // The problems.
        ("blast", "problem.name=blats", &["problem.name", "blats", "blast"]),
        ("blast", "problem.radios=1", &["problem", "radios"]),
        ("blast", "problem.radius=large", &["problem.radius"]),
        ("blast", "problem.radius=-0.1", &["problem.radius", "positive"]),
        ("sod", "problem.axis=y", &["problem.axis", "one cell"]),
        ("sod", "problem.left=1,-10,1 problem.right=1,10,1", &["problem.left", "vacuum"]),
        ("sod", "problem.left=1,0,-1", &["problem.left", "positive"]),
        ("linear_wave", "problem.kind=entropy fluid.gas=isothermal", &["problem.kind", "isothermal"]),
        ("isentropic_vortex", "grid.cells=[32] grid.low=[0] grid.high=[1]", &["grid.cells", "2 axes"]),
        ("double_mach", "problem.mach=0.9", &["problem.mach", "above 1"]),
        ("sedov", "problem.radius=0.001", &["problem.radius", "no cell"]),
        ("rayleigh_taylor", "fluid.gravity=0,-9.8,0", &["problem.pressure", "-9.8"]),
        ("wind_tunnel", "problem.obstacle=mask", &["problem.file"]),
        ("wind_tunnel", "problem.obstacle=mask problem.file=sod.toml", &["sod.toml", "line 1", "neither 0 nor 1"]),
    ];
    for (file, words, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("run");
        let words: Vec<&str> = words.split_whitespace().collect();
        let ended = ended(file, &words, &out);
        assert_eq!(ended.status, Some(2), "{file} {words:?}: {}{}", ended.stdout, ended.stderr);
        expected
            .iter()
            .for_each(|part| assert!(ended.stderr.contains(part), "{words:?}: no `{part}` in {}", ended.stderr));
        assert!(!out.exists(), "{file} {words:?} left a folder");
    }
}

#[test]
fn a_picture_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let words = ["problem.obstacle=mask", "problem.file=nowhere.pgm"];
    ended("wind_tunnel", &words, &folder.path().join("run")).expect(1).says("nowhere.pgm");
    assert!(!folder.path().join("run").exists());
}
