//! The scripts that check: their numbers are their own, whatever runs beside them in the same checkout.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::common::{finish, root};

/// Seconds after which a script is killed.
const LIMIT: u64 = 20;
/// What a part of `.ci/run` takes here: long enough for two that start together to overlap.
const MAKEFILE: &str = "test:\n\t@sleep 0.5; echo '3 passed, 0 failed'\n\
                        check:\n\t@sleep 0.3; echo '5 passed, 1 failed, 2 skipped'; exit 1\n";

fn copy(name: &str, to: &Path) {
    let target = to.join(name);
    fs::create_dir_all(target.parent().unwrap()).unwrap();
    fs::copy(root().join(name), &target).unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The class: a file of one name that two processes add to. Its members: the numbers of `.ci/run`; the logs that `scripts/test.sh` counts.
#[test]
fn parts_that_run_at_once_in_one_checkout_have_their_own_numbers() {
    let checkout = tempfile::tempdir().unwrap();
    [".ci/run", "scripts/count.sh"].into_iter().for_each(|name| copy(name, checkout.path()));
    fs::write(checkout.path().join("Makefile"), MAKEFILE).unwrap();
    let part = |name: &str| finish(Command::new(checkout.path().join(".ci/run")).arg(name), LIMIT);
    let [test, check] = std::thread::scope(|scope| {
        ["test", "check"].map(|name| scope.spawn(move || part(name))).map(|part| part.join().unwrap())
    });
    let numbers = |printed: &str| printed.lines().last().unwrap_or_default().to_owned();
    assert_eq!((test.status, numbers(&test.stdout)), (Some(0), "3 passed, 0 failed, 0 skipped".to_owned()), "{test:?}");
    assert_eq!(
        (check.status, numbers(&check.stdout)),
        (Some(1), "5 passed, 1 failed, 2 skipped".to_owned()),
        "{check:?}"
    );
    let script = fs::read_to_string(root().join("scripts/test.sh")).unwrap();
    assert!(!script.contains("log=$target/"), "a log that two processes would share");
}
