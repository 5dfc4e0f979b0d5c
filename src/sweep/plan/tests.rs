use super::*;
use crate::sweep::command::Output;
use crate::sweep::value::Value;

/// A folder with a simulation's parameters and a program.
fn workplace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let simulation = "simulation = \"nbody\"\n[run]\nuntil = 1.0\n[initial]\nkind = \"kepler\"\n";
    std::fs::write(folder.path().join("nbody.toml"), simulation).unwrap();
    std::fs::write(folder.path().join("nested.toml"), "simulation = \"sweep\"\n").unwrap();
    folder
}

fn plan(text: &str) -> Result<Plan> {
    let config: Config = toml::from_str(text).map_err(|error| Error::input("toml", error.message()))?;
    Plan::new(&config, workplace().path(), 7)
}

fn message(text: &str) -> String {
    plan(text).unwrap_err().to_string()
}

const VALUES: &str = "parameters.values = { a = [0.5, 1], 'initial.e' = [0.0, 0.1], mode = ['x', 'y z'] }\n";

fn with(task: &str) -> String {
    format!("{VALUES}task = {{ {task} }}")
}

fn context(index: u64) -> Context<'static> {
    Context { index, seed: 5, attempt: 1, folder: Path::new("tasks/0") }
}

#[test]
fn a_command_is_filled_for_each_task() {
    let plan =
        plan(&with("command = ['./m', '--a={a}', '{initial.e:.2}', '{mode}', '{seed}'], output = 'json'")).unwrap();
    assert_eq!(plan.words(&context(0)), ["./m", "--a=0.5", "0.00", "x", "5"]);
    assert_eq!(plan.words(&context(7)), ["./m", "--a=1", "0.10", "y z", "5"]);
    assert!(matches!(plan.work(), Work::Command { output: Output::Json, .. }));
    assert_eq!(plan.points().len(), 8);
    assert_eq!(plan.parameters(7)[2], ("mode".to_owned(), Value::Text("y z".into())));
}

#[test]
fn a_simulation_gets_its_values_as_keys_with_their_kinds() {
    let set = "'run.until' = '{a} yr', 'x.mode' = '{mode}', 'x.name' = '5', x.n = 3, 'run.seed' = '{seed}'";
    let plan = plan(&with(&format!("simulation = 'nbody.toml', set = {{ {set} }}, result = ['energy']"))).unwrap();
    let Work::Simulation(task) = plan.work() else { panic!() };
    let words = plan.words(&context(0));
    let expected = ["initial.e=0.0", "run.until=0.5 yr", "x.mode=\"x\"", "x.name=\"5\"", "run.seed=5", "x.n=3"];
    assert_eq!(words.len(), expected.len());
    expected.iter().for_each(|word| assert!(words.iter().any(|known| known == word), "{word} is not in {words:?}"));
    let folder = workplace();
    let parameters = crate::base::config::ParameterFile::read(&folder.path().join("nbody.toml"), &words).unwrap();
    let table: toml::Table = parameters.typed(|_| true, &[]).unwrap();
    assert_eq!(table["x"]["name"].as_str(), Some("5"));
    assert_eq!(table["initial"]["e"].as_float(), Some(0.0));
    assert_eq!(table["run"]["until"].as_str(), Some("0.5 yr"));
    assert_eq!((task.result(), task.file().ends_with("nbody.toml")), (&["energy".to_owned()][..], true));
}

#[test]
fn a_worker_is_one_for_all_tasks() {
    let plan = plan(&with("worker = ['sh', '{{}}']")).unwrap();
    assert_eq!(plan.words(&context(0)), ["sh", "{}"]);
    assert!(plan.program().unwrap().unwrap().ends_with("sh"));
    assert!(message(&with("worker = ['sh', '{index}']")).contains("gets their values as JSON"));
    assert!(message(&with("worker = ['sh', '{a}']")).contains("there is no parameter `a`"));
    assert!(message(&with("worker = []")).starts_with("task.worker: is empty"));
}

#[test]
fn a_worker_may_be_a_python_function() {
    let function = plan(&with("worker = 'models.orbit:fit'")).unwrap();
    assert_eq!(function.words(&context(0)), ["models.orbit:fit"]);
    assert!(function.canonical().contains("task.worker = \"models.orbit:fit\"\n"));
    for wrong in ["fit", "models.orbit", "a:b c", ":f", "m:", "m:f:g", "m:{a}", "../m:f", "1m:f"] {
        assert!(message(&with(&format!("worker = '{wrong}'"))).contains("is no Python function"), "{wrong}");
    }
    assert!(message(&with("worker = 3")).contains("expected a list of words"));
}

#[test]
fn lists_have_places_for_values_too() {
    let text = "simulation = 'nbody.toml', set = { p = { uniform = ['-{a}', '{a}'] }, q = ['{mode}', 'x', 3, ['{a:.1}']], r = ['y', 1] }";
    let plan = plan(&with(text)).unwrap();
    let words = plan.words(&context(0));
    let expected = ["p.uniform=[-0.5, 0.5]", "q=[\"x\", \"x\", 3, [0.5]]", "r=[\"y\", 1]"];
    expected.iter().for_each(|word| assert!(words.iter().any(|known| known == word), "{word} is not in {words:?}"));
    assert!(plan.canonical().contains("task.set.p.uniform = [\"-{a}\", \"{a}\"]"), "{}", plan.canonical());
    assert!(message(&with("simulation = 'nbody.toml', set = { p = ['{moode}'] }")).contains("did you mean `mode`?"));
}

#[test]
fn exactly_one_kind_of_task_is_given() {
    assert_eq!(message(&with("")), "task: give one of simulation, command and worker");
    assert!(message(&with("command = ['a'], worker = ['b']")).contains("only one of"));
    assert_eq!(message(&with("command = ['a'], result = ['x']")), "task.result: goes with task.simulation only");
    assert_eq!(message(&with("worker = ['a'], output = 'json'")), "task.output: goes with task.command only");
    assert_eq!(message(&with("command = ['a'], set = { b = 1 }")), "task.set: goes with task.simulation only");
    assert!(message(&with("command = ['']")).contains("the program, is empty"));
}

#[test]
fn tasks_that_cannot_be_are_refused() {
    let simulation = |rest: &str| message(&with(&format!("simulation = 'nbody.toml'{rest}")));
    assert!(message(&with("command = ['m', '{moode}']")).contains("did you mean `mode`?"));
    assert_eq!(
        message(&with("command = ['m', '{mode:.3}']")),
        "task.command: `mode` is not a number in all tasks: write {mode}, without a format"
    );
    assert!(simulation(", set = { b = '{mode:.3}' }").starts_with("task.set.b: `mode` is not a number"));
    assert!(message(&with("simulation = 'none.toml'")).contains("cannot read this parameter file"));
    assert!(message(&with("simulation = 'nested.toml'")).contains("is a plan, not a simulation"));
    assert!(simulation(", set = { 'initial.e' = 1 }").starts_with("task.set.initial.e: is a parameter too"));
    assert!(simulation(", set = { simulation = 'fluid' }").contains("same simulation"));
    assert!(simulation(", set = { 'a..b' = 1 }").contains("`a..b` is no key"));
    assert!(simulation(", result = ['x', 'x']").contains("`x` is named twice"));
    assert!(simulation(", result = ['a']").contains("`a` is a parameter"));
    assert!(simulation(", result = ['']").contains("names no column"));
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let told = |sweep: &str| message(&format!("sweep = {{ {sweep} }}\n{}", with("command = ['m', '{a}']")));
    assert!(told("ranks_per_task = 0").starts_with("sweep.ranks_per_task: 0 is not allowed"));
    assert!(told("ranks_per_task = 2").contains("goes with task.simulation"));
    assert!(told("time_limit = 0").starts_with("sweep.time_limit: 0 is not allowed"));
    assert!(told("time_limit = '10 weeks'").contains("not a unit of time"));
    assert!(told("time_limit = 1e30").contains("too long"));
    assert!(told("retries = -1").contains("expected u32"));
    assert!(told("retry = 1").contains("unknown field"));
    for (text, seconds) in [
        ("0:10:00", 600),
        ("1:30", 90),
        ("2-00:00:00", 172_800),
        (" 1:00:00 ", 3600),
        ("10 minutes", 600),
        ("1 h", 3600),
        ("2 days", 172_800),
        ("30 seconds", 30),
    ] {
        let limited = format!("sweep = {{ time_limit = '{text}' }}\n{}", with("command = ['m', '{a}']"));
        let limit = plan(&limited).unwrap().settings().time_limit;
        assert_eq!(limit.unwrap().as_secs(), seconds, "`{text}`, as `run.walltime` has it");
    }
    assert!(told("time_limit = '1:x'").starts_with("sweep.time_limit: \"1:x\" is no length of time"));
    let limited = format!("sweep = {{ time_limit = '10 min', stop_after = 2 }}\n{}", with("command = ['m', '{a}']"));
    let plan = plan(&limited).unwrap();
    assert_eq!(plan.settings().time_limit.unwrap().as_secs(), 600);
    assert_eq!((plan.settings().stop_after, plan.settings().retries), (Some(2), 3));
}

#[test]
fn a_tasks_seed_follows_from_run_and_task() {
    let plan = plan(&with("command = ['m']")).unwrap();
    let mut seeds: Vec<u64> = (0..8).map(|task| plan.task_seed(task)).collect();
    assert!(seeds.iter().all(|&seed| i64::try_from(seed).is_ok()));
    seeds.sort_unstable();
    seeds.dedup();
    assert_eq!(seeds.len(), 8);
    assert_eq!(plan.notes().len(), 3);
    assert_eq!(plan.notes()[0], "the parameter `a` has no place in task.command");
}

/// Behind -c of a shell, of Python, with other letters, behind -e; numbers can't do harm, words beside the script neither.
#[test]
fn a_text_in_a_script_is_noted() {
    let notes = |words: &str| plan(&with(&format!("command = [{words}, '{{a}}', '{{initial.e}}']"))).unwrap().notes();
    for words in
        ["'sh', '-c', 'x {mode}'", "'python3', '-c', '{mode}'", "'bash', '-euc', '{mode}'", "'perl', '-e', '{mode}'"]
    {
        let notes = notes(words);
        assert_eq!(notes.len(), 1, "{words}: {notes:?}");
        assert!(notes[0].starts_with("the text `mode` stands in a script"), "{}", notes[0]);
    }
    for words in ["'sh', '-c', 'x $1', '-', '{mode}'", "'sh', '-c', 'x {a}', '{mode}'", "'m', '--exec', '{mode}'"] {
        assert!(notes(words).is_empty(), "{words}");
    }
}

#[test]
fn the_canonical_text_differs_exactly_where_results_may() {
    let command = with("command = ['m', '{a}']");
    let told = |text: &str| plan(text).unwrap().canonical();
    let base = told(&command);
    assert!(base.contains("\nrun.seed = 7\n") && base.contains("\ntask.command.1 = \"{a}\"\n"), "{base}");
    assert_eq!(base, told(&format!("sweep = {{ retries = 9, schedule = 'static', keep = 'all' }}\n{command}")));
    assert_eq!(base, told(&format!("# a comment\n{command}")));
    for (from, to) in [("0.5", "0.6"), ("'{a}'", "'{a:.2}'"), ("{a}", "{{a}}"), ("y z", "y"), ("'m',", "'m', '',")] {
        assert_ne!(base, told(&command.replacen(from, to, 1)), "{from} -> {to}");
    }
    assert_ne!(base, told(&with("command = ['m', '{a}'], output = 'json'")));
    let simulation = told(&with("simulation = 'nbody.toml', set = { 'b.c' = \"one\\ntwo\" }"));
    assert!(simulation.contains("\ntask.simulation.run.until = 1.0\n"), "{simulation}");
    assert_eq!(
        simulation.lines().count(),
        told(&with("simulation = 'nbody.toml', set = { 'b.c' = 1 }")).lines().count()
    );
    assert!(simulation.lines().all(|line| line.contains(" = ")));
}

#[test]
fn a_plan_is_written_as_it_was_read() {
    let config: Config = toml::from_str(&with("command = ['m', '{a}']")).unwrap();
    let again: Config = toml::from_str(&toml::to_string(&config).unwrap()).unwrap();
    assert_eq!(again, config);
    let names = |config: &Config| config.parameters.values.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&again), names(&config));
}
