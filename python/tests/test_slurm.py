"""Runs as Slurm jobs, and within them, on a Slurm of two nodes; skipped where none answers."""

import os
import pathlib
import socket
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
# A pipe whose reader breaks things, a line for each: `crash NODE`, `revive NODE`.
FAULTS = os.environ.get("DIVISI_SLURM_FAULTS")


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


class PoolJob:
    """A job of `jobscripts/pool.sbatch` on two nodes, cancelled at the end."""

    def __init__(self, by, folder, monkeypatch):
        monkeypatch.setenv("DIVISI_LAUNCHER", by)
        self.folder, self.log = folder / "pool", folder / "job.log"
        words = ["sbatch", "--parsable", "--nodes=2", "--ntasks-per-node=2", "--time=4", f"--output={self.log}"]
        script = ROOT / "jobscripts/pool.sbatch"
        self.number = asked(*words, str(script), str(self.folder), "--python", sys.executable).split(";")[0]
        assert self.number

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["scancel", "--quiet", self.number], check=False)

    def attach(self):
        """Joins the pool as soon as it answers."""
        before = time.monotonic()
        while True:
            try:
                return divisi.Pool.attach(self.folder)
            except divisi.PoolError:
                assert time.monotonic() - before < LONGEST, self.log.read_text() if self.log.exists() else "no log"
                time.sleep(0.2)


def counted(i, folder):
    with open(f"{folder}/ran", "a") as file:
        file.write(f"{i}\n")
    time.sleep(0.2)
    return i * i


@pytest.mark.parametrize("by", LAUNCHERS)
def test_a_pool_in_a_job_is_joined_from_outside_and_again_by_another(by, tmp_path, monkeypatch):
    with PoolJob(by, tmp_path, monkeypatch) as job:
        pool = job.attach()
        assert pool.ranks == [0, 1, 2, 3]
        assert len(set(pool.apply(socket.gethostname))) == 2, pool.apply(socket.gethostname)
        assert list(pool.map(counted, range(20), [str(tmp_path)] * 20)) == [i * i for i in range(20)]
        pool.shutdown()
        pool = job.attach()
        assert list(pool.map(counted, range(24), [str(tmp_path)] * 24)) == [i * i for i in range(24)]
        pool.stop()
        assert ended(job.number) == "COMPLETED", job.log.read_text()
        assert "a pool of 4 ranks waits for calls" in job.log.read_text()
    ran = [int(line) for line in (tmp_path / "ran").read_text().split()]
    assert sorted(ran) == list(range(24))


# Slurm notices a lost node after some time, and lets the job begin anew two minutes later.
@pytest.mark.limit(400)
@pytest.mark.skipif(not FAULTS, reason="nobody breaks nodes here")
@pytest.mark.parametrize("by", LAUNCHERS)
def test_a_pool_that_loses_a_node_is_put_back_and_what_returned_does_not_run_again(by, tmp_path, monkeypatch):
    """The client has a typed error, joins the next start of the job, and submits the same calls."""
    with PoolJob(by, tmp_path, monkeypatch) as job:
        pool = job.attach()
        lost = sorted(set(pool.apply(socket.gethostname)))[-1]
        folders = [str(tmp_path)] * 200
        futures = [pool.submit(counted, i, folder) for i, folder in enumerate(folders)]
        while sum(future.done() for future in futures) < 12:
            time.sleep(0.05)
        returned = [i for i, future in enumerate(futures) if future.done()]
        time.sleep(0.3)
        with open(FAULTS, "a") as faults:
            faults.write(f"crash {lost}\n")
        try:
            assert any(isinstance(future.exception(LONGEST), divisi.PoolBroken) for future in futures)
        finally:
            with open(FAULTS, "a") as faults:
                faults.write(f"revive {lost}\n")
        pool = job.attach()
        assert list(pool.map(counted, range(200), folders)) == [i * i for i in range(200)]
        assert pool.counts["recovered"] >= len(returned)
        pool.shutdown()
    ran = [int(line) for line in (tmp_path / "ran").read_text().split()]
    assert set(ran) == set(range(200)) and all(ran.count(i) == 1 for i in returned)
