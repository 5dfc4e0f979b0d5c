//! What a user's own flow may count on, each claim a function that panics where it doesn't hold.

use super::Runs;

pub(super) const CHECKS: &[(&str, fn())] = &[
    ("a scalar without bounds may have any value, whatever the others do", scalars_without_bounds),
    ("scalars with bounds and without are conserved as mass is", scalars_are_conserved),
    ("what a source takes beyond a scalar's bounds is put back, counted and told", scalars_are_bounded),
    ("a scalar that begins beyond its bounds, and bounds that no number keeps, are refused", bounds_are_checked),
    ("the same files on any number of ranks", same_files),
    ("a solid lets no heat through and takes no work", solids_take_nothing),
    ("nothing in the gas depends on what the initial state says of solid cells", solids_are_still),
    ("a gap of one cell between an obstacle and a reflecting side is tight", narrow_gaps),
    ("a flow between walls is the parabola, to second order, along each axis", poiseuille),
    ("a plate that moves drags the gas, its speed linear between plates", couette),
    ("the temperature between plates is that of the exact solution, to second order", conduction),
    ("a source is followed when the problem limits the step, and one that never ends a step is told", limited_steps),
    ("what is solved after each step is exact however fast it is", exact_after_step),
    ("what floors add after a problem's own part of the step is told", floors_after_step),
    ("a step below the least one ends the run", least_step),
    ("steps that go to nothing end the run", stalled),
    ("sides and boxes that can't be are refused with what would do", sides_are_checked),
    ("totals are of the gas alone, not of what stands in obstacles", totals_leave_out_obstacles),
];

const CARRIED: &str = r#"
[run]
until = 1.5
[grid]
cells = [16, 16]
[fluid]
gamma = 1.4
[problem]
name = "carried"
[output]
history_steps = 0
history_time = 0.5
every_time = 0
"#;

/// A value that grows by a source, a negative one, and one that is above 1 from the start beside a scalar that is bounded.
fn scalars_without_bounds() {
    let runs = Runs::of(CARRIED);
    for more in ["", "problem.dye=0.5", "problem.dye=3 problem.greatest=3"] {
        let words = format!("problem.ages=true {more}");
        let names = ["time", "age_min", "age_max", "debt_min", "debt_max", "dye_min", "dye_max"];
        let [time, least, most, debt, no_debt, dye_least, dye_most] = runs.columns(&words, names);
        assert!(time.len() > 3, "{time:?}");
        for row in 0..time.len() {
            let is_time = |age: f64| (age - time[row]).abs() < 0.01;
            assert!(is_time(least[row]) && is_time(most[row]), "{more}: age {} to {}", least[row], most[row]);
            assert!(debt[row] < -0.2 && no_debt[row] < 0.1, "{more}: debt from {} to {}", debt[row], no_debt[row]);
        }
        let greatest = if more.contains('3') { 3.0 } else { 1.0 };
        assert!(dye_least.iter().all(|&dye| dye >= 0.0) && dye_most.iter().all(|&dye| dye <= greatest), "{dye_most:?}");
    }
}

fn scalars_are_conserved() {
    let runs = Runs::of(CARRIED);
    let columns = [
        "amount_debt_drift",
        "amount_debt_bound",
        "amount_dye_drift",
        "amount_dye_bound",
        "scalars_bounded",
        "scalars_upwind",
    ];
    let mut upwind = 0.0;
    for scheme in ["", "fluid.reconstruction=ppm fluid.time=rk3", "fluid.reconstruction=weno_z fluid.time=rk2"] {
        let [free, bound, dye, dye_bound, bounded, marked] = runs.last(scheme, columns);
        upwind += marked;
        assert!(free.abs() <= bound && bound > 0.0 && bound < 1e-12, "{scheme}: debt drifts by {free:e}, {bound:e}");
        assert!(dye.abs() <= dye_bound && bounded == 0.0, "{scheme}: dye drifts by {dye:e}, {bounded} put back");
        let wide = format!("{scheme} problem.least=-9 problem.greatest=9");
        let [dye, dye_bound, bounded] = runs.last(&wide, ["amount_dye_drift", "amount_dye_bound", "scalars_bounded"]);
        assert!(dye.abs() <= dye_bound && bounded == 0.0, "{scheme}: dye drifts by {dye:e} within wide bounds");
    }
    assert!(upwind > 0.0, "an input too easy");
    runs.ended(0, "--overwrite").expect(0).says("amount_debt drifted by");
}

fn scalars_are_bounded() {
    let runs = Runs::of(CARRIED);
    let words = "problem.soaks=2 run.until=0.2";
    let [bounded, least, most] = runs.last(words, ["scalars_bounded", "dye_min", "dye_max"]);
    assert!(bounded > 0.0 && least >= 0.39 && most == 1.0, "{bounded} {least} {most}");
    runs.ended(0, &format!("--overwrite {words}")).expect(0).says("scalars_bounded: ");
}

fn bounds_are_checked() {
    let runs = Runs::of(CARRIED);
    let cases = [
        ("problem.dye=1.5", "scalar of cell [4, 4, 0]"),
        ("problem.dye=-0.5", "from 0 to 1"),
        ("problem.least=2", "\"dye\""),
        ("problem.least=nan", "\"dye\""),
    ];
    for (words, told) in cases {
        runs.ended(0, words).expect(2).says(told);
    }
}

fn same_files() {
    Runs::of(CARRIED).same_on_ranks("run.steps=9 output.history_steps=3 problem.ages=true fluid.reconstruction=ppm");
    Runs::of(ROOM).same_on_ranks("run.steps=9 problem.speed=0.1");
    let sticky = "boundary.x=no_slip,fixed_temperature boundary.x_low=0,1,0 boundary.x_high=2 boundary.y=no_slip";
    let words = format!("run.steps=9 fluid.viscosity=0.01 fluid.conductivity=0.01 {sticky}");
    Runs::of(ROOM).same_on_ranks(&words);
    Runs::of(STOVE).same_on_ranks("grid.cells=8 problem.exact=true problem.longest=0.01 run.until=0.1");
}

const ROOM: &str = r#"
[run]
until = 1.0
[grid]
cells = [20, 20]
[boundary]
x = "reflecting"
y = "reflecting"
[fluid]
gamma = 1.6666666666666667
[problem]
name = "room"
[output]
history_steps = 1
every_time = 0
"#;

/// Mass, energy and momentum; extremes and the problem's own sums are of the gas alone as well.
fn totals_leave_out_obstacles() {
    let runs = Runs::of(ROOM);
    for inside in ["1,0,1", "1e3,0,1e3", "1e3,2,1e3"] {
        let words = format!("run.steps=2 problem.speed=0.1 problem.inside={inside}");
        let names = ["mass", "gas", "energy", "kinetic_energy", "heat", "momentum_z", "density_max"];
        let [mass, gas, energy, kinetic, heat, momentum, densest] = runs.columns(&words, names);
        for row in 0..mass.len() {
            assert!((mass[row] / gas[row] - 1.0).abs() < 1e-14, "{inside}: {} is not {}", mass[row], gas[row]);
            let without_motion = energy[row] - kinetic[row];
            assert!((without_motion / heat[row] - 1.0).abs() < 1e-12, "{inside}: {without_motion}, not {}", heat[row]);
            assert!(momentum[row] == 0.0 && densest[row] < 3.0, "{inside}: {} {}", momentum[row], densest[row]);
        }
    }
}

/// Closed boxes with a pillar in them, with sides that the gas slides along or sticks to, with each kind of diffusion.
fn solids_take_nothing() {
    let runs = Runs::of(ROOM);
    for diffusion in ["fluid.conductivity=0.01", "fluid.viscosity=0.01", "fluid.viscosity=0.01 fluid.conductivity=0.02"]
    {
        let sticky = if diffusion.contains("viscosity") { "boundary.y=no_slip" } else { "" };
        for scheme in ["", "fluid.time=rk3 fluid.reconstruction=ppm fluid.riemann=roe"] {
            let words = format!("{diffusion} {sticky} {scheme} problem.speed=0.2 problem.inside=3,1,9");
            let [mass, energy, fastest] = runs.columns(&words, ["mass", "energy", "mach_max"]);
            for (name, total) in [("mass", mass), ("energy", energy)] {
                let change = total[total.len() - 1] / total[0] - 1.0;
                assert!(change.abs() < 1e-13, "{words}: {name} changes by {change:e}");
            }
            assert!(fastest.iter().all(|&mach| mach < 1.0) && fastest[fastest.len() - 1] > 0.01, "{fastest:?}");
        }
    }
}

/// The density, the velocity, the pressure of solid cells; with diffusion and without.
fn solids_are_still() {
    let runs = Runs::of(ROOM);
    let names = ["dt", "mass", "energy", "momentum_x", "density_max", "pressure_min", "mach_max"];
    for diffusion in ["", "fluid.viscosity=0.01 fluid.conductivity=0.01", "fluid.riemann=hybrid"] {
        let columns = |inside: &str| {
            let words = format!("run.steps=20 problem.speed=0.2 {diffusion} problem.inside={inside}");
            runs.columns(&words, names)
        };
        let plain = columns("1,0,1");
        assert!(plain[3].iter().any(|momentum| momentum.abs() > 1e-3), "the gas moves");
        for inside in ["50,0,1", "1,0,1e4", "1,3,1", "1e-3,7,1e-6"] {
            assert!(columns(inside) == plain, "{diffusion} {inside}: solid cells are felt");
        }
    }
}

/// A channel one cell wide between a pillar and a side: at rest at one pressure it stays so, and moving it loses nothing.
fn narrow_gaps() {
    let runs = Runs::of(ROOM);
    // The pillar reaches from 0.3 to 0.7: the box ends a cell after it.
    let words = "grid.cells=20,10 grid.low=0,0.25 grid.high=1,0.75 problem.speed=0.3 fluid.reconstruction=ppm";
    for more in ["", "fluid.time=rk3", "fluid.viscosity=0.01 boundary.y=no_slip"] {
        let [mass, energy] = runs.columns(&format!("{words} {more}"), ["mass", "energy"]);
        for total in [mass, energy] {
            let change = total[total.len() - 1] / total[0] - 1.0;
            assert!(change.abs() < 1e-13, "{more}: {change:e}");
        }
    }
}

const CHANNEL: &str = r#"
[run]
until = 0.8
[grid]
cells = [4, 12]
low = [0.0, -0.25]
high = [8.0, 1.25]
[boundary]
y = "outflow"
[fluid]
gas = "isothermal"
viscosity = 1.0
gravity = [0.8, 0.0, 0.0]
[problem]
name = "channel"
across = 1
along = 0
fastest = 0.1
[output]
history_steps = 0
every_time = 0
"#;

/// Between solid rows and between sides of the box, across each axis and along each.
fn poiseuille() {
    let runs = Runs::of(CHANNEL);
    let solid = |cells: usize| format!("grid.cells=4,{}", cells * 3 / 2);
    let sides = |cells: usize| format!("grid.cells=4,{cells} grid.low=0,0 grid.high=8,1 boundary.y=no_slip");
    for walls in [&solid as &dyn Fn(usize) -> String, &sides] {
        let errors = [8, 16].map(|cells| {
            let [fastest, error] = runs.last(&walls(cells), ["fastest", "error"]);
            assert!((fastest - 0.1).abs() < 0.003, "{cells} cells: {fastest}");
            error
        });
        let order = (errors[0] / errors[1]).log2();
        assert!(order > 1.8 && errors[1] < 1e-3, "errors {errors:?}, order {order}");
    }
    // The same flow across x, and across y along z.
    let [plain] = runs.last("", ["error"]);
    let turned = [
        "grid.cells=12,4 grid.low=-0.25,0 grid.high=1.25,8 boundary.y=periodic boundary.x=outflow \
         fluid.gravity=0,0.8,0 problem.across=0 problem.along=1",
        "grid.cells=4,12,4 grid.low=0,-0.25,0 grid.high=8,1.25,8 fluid.gravity=0,0,0.8 problem.along=2",
    ];
    for words in turned {
        let [error] = runs.last(words, ["error"]);
        assert!((error / plain - 1.0).abs() < 1e-6, "{words}: {error}, not {plain}");
    }
}

const PLATES: &str = r#"
[run]
until = 6.0
[grid]
cells = [8]
[boundary]
x = "fixed_temperature"
x_low = [1.0]
x_high = [1.0]
[fluid]
gamma = 1.4
viscosity = 1.0
conductivity = 2.0
[problem]
name = "plates"
across = 0
along = 1
speed = 0.0
temperatures = [1.0, 1.0]
ratio = 0.5
[output]
history_steps = 0
every_time = 0
"#;

/// A gas of one temperature has one density, so that differences between cells are exact for a linear flow.
fn couette() {
    let runs = Runs::of(PLATES);
    let cold = "fluid.gas=isothermal fluid.conductivity=0 problem.speed=0.3 run.until=2.5 boundary.x_low=[]";
    let [error] = runs.last(&format!("{cold} boundary.x=no_slip boundary.x_high=0,0.3,0"), ["error_speed"]);
    assert!(error < 1e-9, "across x along y: {error:e}");
    let turned = format!(
        "{cold} grid.cells=4,8 grid.high=8,1 boundary.x=periodic boundary.x_high=[] boundary.y=no_slip \
         boundary.y_high=0,0,0.3 problem.across=1 problem.along=2"
    );
    let [error] = runs.last(&turned, ["error_speed"]);
    assert!(error < 1e-9, "across y along z: {error:e}");
}

/// Conduction between plates of two temperatures, and the heat of a Couette flow between plates of one.
fn conduction() {
    let runs = Runs::of(PLATES);
    let two = "problem.temperatures=1,2 boundary.x_high=[2]";
    let drag = "problem.speed=1 boundary.x_high=1,0,1,0";
    for (name, words) in [("two temperatures", two), ("a drag that heats", drag)] {
        let errors = [8, 16].map(|cells| runs.last(&format!("{words} grid.cells={cells}"), ["error_temperature"])[0]);
        let order = (errors[0] / errors[1]).log2();
        assert!(order > 1.7 && errors[1] < 2e-3, "{name}: errors {errors:?}, order {order}");
    }
}

/// Words that are none, numbers that don't go with a side, and lengths along axes that the grid doesn't have.
fn sides_are_checked() {
    let runs = Runs::of(PLATES);
    let bare = "boundary.x_low=[] boundary.x_high=[]";
    let cases = [
        ("boundary.y=reflect", "did you mean `reflecting`?"),
        ("boundary.y=Outflow", "did you mean `outflow`?"),
        ("boundary.y=wall", "no_slip"),
        ("boundary.y=[\"outflow\"]", "a list of two"),
        ("boundary.y=[\"outflow\",\"reflect\"]", "did you mean `reflecting`?"),
        ("boundary.y=3", "a word for both sides"),
        ("run.until=abc", "not a unit of time"),
        ("boundary.x_low=[]", "pressure / density"),
        ("boundary.x_low=0", "positive"),
        ("boundary.x_low=1,2,0,0", "must be 0"),
        ("boundary.x_low=nan", "not a finite number"),
        ("boundary.x=no_slip boundary.x_low=1", "three numbers"),
        ("fluid.conductivity=0", "heat conduction"),
        ("fluid.viscosity=0 boundary.x_low=1,0,1,0", "viscosity is 0"),
        (&format!("{bare} boundary.x=no_slip fluid.viscosity=0"), "reflecting"),
        ("boundary.x=outflow", "goes with a side"),
        ("grid.cells=8 grid.high=[1,2]", "2 long along y"),
        ("grid.cells=8 grid.high=[1,1] grid.low=[0,0.5]", "0.5 long along y"),
    ];
    for (words, told) in cases {
        runs.ended(0, words).expect(2).says(told);
    }
}

const STOVE: &str = r#"
[run]
until = 0.01
[grid]
cells = [6]
[fluid]
gamma = 1.6666666666666667
[problem]
name = "stove"
rate = 400.0
exact = false
longest = 0.05
stalls = 1e9
[output]
history_steps = 1
every_time = 0
"#;

/// The pressure of a run, against the exact one.
fn cooled(runs: &Runs, words: &str, rate: f64) -> (f64, usize) {
    let [time, least, most] = runs.columns(words, ["time", "pressure_min", "pressure_max"]);
    let error = |row: usize| {
        let exact = 1.0 + 2.0 * libm::exp(-rate * time[row]);
        (least[row] - exact).abs().max((most[row] - exact).abs())
    };
    ((0..time.len()).map(error).fold(0.0, f64::max), time.len() - 1)
}

fn limited_steps() {
    let runs = Runs::of(STOVE);
    let (error, steps) = cooled(&runs, "", 400.0);
    assert!(error < 5e-3 && (80..=82).contains(&steps), "{error}, {steps} steps");
    let (free, steps) = cooled(&runs, "problem.longest=0", 400.0);
    assert!(free > 0.1 && steps < 10, "without a limit the source is not followed: {free}, {steps} steps");
    runs.ended(0, "--overwrite problem.longest=-1").expect(1).says("not positive");
    runs.ended(0, "--overwrite problem.longest=nan").expect(1).says("not positive");
}

fn exact_after_step() {
    let runs = Runs::of(STOVE);
    for (rate, until) in [(400.0, 0.01), (1e4, 0.01), (1e9, 0.5)] {
        let words = format!("problem.exact=true problem.longest=0 problem.rate={rate} run.until={until}");
        let (error, steps) = cooled(&runs, &words, rate);
        assert!(error < 1e-12 && steps < 100, "{rate}: {error:e}, {steps} steps");
    }
}

/// Gas that is cooled to 1 in each step, with a floor at 2: from 1 to 2 each time, in a box of volume 1.
fn floors_after_step() {
    let runs = Runs::of(STOVE);
    let words = "problem.exact=true problem.longest=0 problem.rate=1e9 run.until=0.3 fluid.pressure_floor=2";
    let [steps, added, floored, energy] = runs.last(words, ["step", "energy_added", "pressure_floored", "energy"]);
    assert!(steps > 1.0 && floored == 6.0 * steps, "{floored} of 6 cells in {steps} steps");
    assert!((added / (1.5 * steps) - 1.0).abs() < 1e-12, "{added}, not 1.5 times {steps}");
    assert!((energy - 3.0).abs() < 1e-12, "{energy}");
}

fn least_step() {
    let runs = Runs::of(STOVE);
    runs.ended(0, "fluid.least_step=1e-4").expect(0);
    runs.ended(0, "--overwrite fluid.least_step=1e-3").expect(1).says("below fluid.least_step, 1e-3");
    runs.ended(2, "fluid.least_step=1e-3").expect(1).says("fluid.least_step");
    runs.ended(0, "--overwrite fluid.least_step=-1").expect(2).says("fluid.least_step");
}

fn stalled() {
    let runs = Runs::of(STOVE);
    runs.ended(0, "problem.stalls=0.005 run.steps=5000").expect(1).says("too short to change the time");
    runs.ended(2, "problem.stalls=0.005 run.steps=5000").expect(1).says("too short to change the time");
}
