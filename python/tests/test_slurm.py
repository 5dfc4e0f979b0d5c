"""Runs as Slurm jobs, and within them, on a Slurm of two nodes; skipped where none answers."""

import pathlib
import subprocess
import sys
import textwrap
import time

import divisi
import pytest

ROOT = pathlib.Path(divisi.__file__).resolve().parents[2]
PLANETS = ROOT / "sims/nbody/solar_system.toml"
LAUNCHERS = ["srun", "mpirun"]
LONGEST = 240.0


def asked(*words):
    """What a command of Slurm prints; nothing where there is none."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


pytestmark = pytest.mark.skipif(asked("sinfo", "-h", "-o", "%D") in ("", "0", "1"), reason="no Slurm of two nodes answers")


def ended(number):
    """Waits for a job's end; its state then."""
    before = time.monotonic()
    while time.monotonic() - before < LONGEST:
        words = asked("scontrol", "show", "job", "-o", number).split()
        state = next((word.removeprefix("JobState=") for word in words if word.startswith("JobState=")), "")
        if state not in ("", "PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "REQUEUED"):
            return state
        time.sleep(0.2)
    subprocess.run(["scancel", number], check=False)
    raise AssertionError(f"job {number} did not end")


def same(run, other):
    names = ["history.csv", *(path.relative_to(other.path) for path in other.path.glob("snapshots/snapshot_*"))]
    assert len(names) > 3
    for name in names:
        assert (run.path / name).read_bytes() == (other.path / name).read_bytes(), name


@pytest.mark.parametrize("by", LAUNCHERS)
def test_a_submitted_run_has_the_bytes_of_one_that_was_started_here(by, planets, tmp_path):
    cluster = tmp_path / "cluster.toml"
    cluster.write_text(f'launcher = "{by}"\ntime = "4"\n')
    parameters = {"output.every_steps": 20}
    number = divisi.submit(PLANETS, parameters, ranks=2, nodes=2, steps=40, out=tmp_path / "run", cluster=cluster)
    assert ended(number) == "COMPLETED", (tmp_path / f"run/job-{number}.log").read_text()
    run = divisi.open(tmp_path / "run")
    assert run.status == "done" and run.ledger["ranks"] == 2
    same(run, planets)


def test_what_is_wrong_with_a_submission_is_the_exception(tmp_path):
    with pytest.raises(divisi.Error, match="partition"):
        divisi.submit(PLANETS, ranks=1, time="4", out=tmp_path / "run", partition="nowhere")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("by", LAUNCHERS)
def test_python_within_a_job_runs_as_many_ranks_as_it_has_tasks(by, planets, tmp_path, monkeypatch):
    """Runs, raises the program's message, stops a run and goes on with it."""
    monkeypatch.setenv("DIVISI_LAUNCHER", by)
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
        import sys, time
        sys.path.insert(0, {str(ROOT / "python")!r})
        import divisi
        divisi.run({str(PLANETS)!r}, {{"output.every_steps": 20}}, steps=40, out="whole", progress=False)
        try:
            divisi.run({str(PLANETS)!r}, {{"integrator.metod": 1}}, out="wrong", progress=False)
        except divisi.Error as error:
            assert "did you mean `method`" in str(error) and error.status == 2, error
        else:
            raise AssertionError("it ran")
        job = divisi.start({str(PLANETS)!r}, {{"run.until": "1e9 yr", "output.history_steps": 1}}, out="long", progress=False)
        while not (job.path / "history.csv").exists():
            assert job.is_running, job.output
            time.sleep(0.1)
        job.stop()
        run = job.wait()
        assert run.status == "stopped", run.status
        steps = len(run.history) + 20
        assert divisi.resume(run, steps=steps, progress=False).status == "done"
        """)
    )
    log = tmp_path / "job.log"
    words = ["sbatch", "--parsable", "--nodes=2", "--ntasks=2", "--time=4", f"--chdir={tmp_path}", f"--output={log}"]
    number = asked(*words, f"--wrap={sys.executable} {script}").split(";")[0]
    assert number and ended(number) == "COMPLETED", log.read_text() if log.exists() else "no job"
    run = divisi.open(tmp_path / "whole")
    assert run.ledger["ranks"] == 2
    same(run, planets)
