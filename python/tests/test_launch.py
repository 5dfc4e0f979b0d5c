"""Runs are started, watched, stopped and gone on with; what the program says is what Python raises."""

import pathlib
import signal
import subprocess
import sys
import time

import divisi
import numpy as np
import pytest
from divisi._job import message_in, share_done
from divisi._program import environment, launcher, words_of

PACKAGE = str(pathlib.Path(divisi.__file__).parents[1])
PLANETS = pathlib.Path(PACKAGE).parent / "sims/nbody/solar_system.toml"
# Endless for a test, with a row for each step.
LONG = {"run.until": "1e9 yr", "output.history_steps": 1}


def began(path):
    """Waits until a run has begun to compute."""
    for _ in range(300):
        history = path / "history.csv"
        if history.exists() and history.read_bytes().count(b"\n") > 2:
            return
        time.sleep(0.1)
    raise AssertionError(f"{path} did not begin")


def test_the_message_of_bad_input_is_the_exception(tmp_path):
    with pytest.raises(divisi.Error, match="integrator.*did you mean `method`") as caught:
        divisi.run(PLANETS, {"integrator.metod": "ias15"}, out=tmp_path / "run", progress=False)
    assert caught.value.status == 2 and not (tmp_path / "run").exists()
    with pytest.raises(divisi.Error, match="no/such.toml"):
        divisi.run("no/such.toml", out=tmp_path / "run", progress=False)


def test_the_message_comes_whole_from_under_a_launcher(tmp_path):
    with pytest.raises(divisi.Error) as caught:
        divisi.run(PLANETS, {"integrator.metod": 1}, ranks=2, out=tmp_path / "run", progress=False)
    assert str(caught.value).count("\n") == 0 and "metod" in str(caught.value) and caught.value.status == 2
    assert "metod" in caught.value.output


def test_a_run_that_is_there_stays_unless_it_is_to_be_replaced(planets, tmp_path):
    with pytest.raises(divisi.Error, match="overwrite"):
        divisi.run(PLANETS, steps=1, out=planets.path, progress=False)
    path = tmp_path / "run"
    divisi.run(PLANETS, steps=1, out=path, progress=False)
    assert divisi.run(PLANETS, steps=2, out=path, overwrite=True, progress=False).ledger["steps"] == 2


def test_the_end_is_a_time_with_a_unit_or_a_number(tmp_path):
    run = divisi.run(PLANETS, until="30 day", out=tmp_path / "text", progress=False)
    other = divisi.run(PLANETS, until=30.0, out=tmp_path / "number", progress=False)
    assert np.array_equal(run.history, other.history) and run.history.time.iloc[-1] >= 30.0


def test_an_interrupt_leaves_a_run_that_goes_on_to_the_same_bytes(planets, tmp_path):
    # Whoever runs the tests in the background may have had the signal ignored.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    script = f"{heed}; import divisi; divisi.run({str(PLANETS)!r}, {LONG!r}, ranks=2, out={str(tmp_path / 'run')!r})"
    variables = environment() | {"PYTHONPATH": PACKAGE}
    with subprocess.Popen([sys.executable, "-c", script], env=variables, stderr=subprocess.PIPE, text=True) as python:
        began(tmp_path / "run")
        python.send_signal(signal.SIGINT)
        _, told = python.communicate(timeout=60)
    assert "Interrupted: stopped: divisi.resume(" in told and python.returncode != 0, told
    run = divisi.open(tmp_path / "run")
    assert run.status == "stopped" and len(run.history) > 1
    steps = int(run.history.step.iloc[-1]) + 20
    whole = divisi.run(PLANETS, LONG, steps=steps, out=tmp_path / "whole", progress=False)
    again = divisi.resume(run, steps=steps, progress=False)
    assert again.status == "done"
    assert (again.path / "history.csv").read_bytes() == (whole.path / "history.csv").read_bytes()


def test_two_runs_at_once_and_one_of_them_stopped(tmp_path):
    jobs = [divisi.start(PLANETS, LONG, out=tmp_path / name, progress=False) for name in ("one", "two")]
    for job in jobs:
        began(job.path)
    assert all(job.is_running for job in jobs)
    jobs[0].stop()
    stopped = jobs[0].wait()
    assert stopped.status == "stopped" and jobs[1].is_running
    jobs[1].kill()
    with pytest.raises(divisi.Error, match="killed by signal 9"):
        jobs[1].wait()
    assert divisi.open(jobs[1].path).status == "not finished"


def test_what_is_not_finished_is_told(tmp_path):
    with pytest.warns(divisi.Unfinished, match="not finished: divisi.resume"):
        run = divisi.run(PLANETS, LONG, walltime="0:08", out=tmp_path / "run", progress=False)
    assert run.status == "stopped"


def test_failed_tasks_are_told_and_their_messages_kept(tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_text('simulation = "sweep"\n[parameters.values]\na = [1, 2]\n[task]\ncommand = ["sh", "-c", "test {a} = 1 && echo {a}"]\n')
    with pytest.warns(divisi.Unfinished, match="tasks failed"):
        run = divisi.sweep(plan, out=tmp_path / "run", progress=False)
    assert list(run.results.status) == ["done", "failed"] and run.status == "tasks failed"
    with pytest.raises(divisi.Error, match="no plan of a sweep"):
        divisi.sweep(PLANETS)


def test_examples_are_written_and_run(tmp_path):
    names = divisi.example()
    assert "plummer" in names and "orbit/stability" in names
    assert divisi.example("solar_system", tmp_path)[:2] == ["solar_system.toml", "solar_system_J2000.csv"]
    run = divisi.run(tmp_path / "solar_system.toml", steps=1, out=tmp_path / "run", progress=False)
    assert run[0]["Earth"].name == "Earth"
    with pytest.raises(divisi.Error, match="did you mean `plummer`"):
        divisi.example("plumer", tmp_path)


def test_a_job_is_submitted_with_its_words(tmp_path, monkeypatch):
    sbatch = tmp_path / "sbatch"
    sbatch.write_text('#!/bin/sh\ncat "$2" >"$(dirname "$0")/script"\necho "77;cluster"\n')
    sbatch.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    out = tmp_path / "it's here"
    asked = {"ranks": 4, "time": "10:00", "partition": "short", "options": ["--mem=4G"], "out": out}
    number = divisi.submit(PLANETS, {"output.every_steps": 5}, steps=7, **asked)
    script = (tmp_path / "script").read_text().splitlines()
    assert number == "77" and (out / "jobs").read_text() == "77\n"
    for option in ["ntasks=4", "time=0-00:10:00", "partition=short", "mem=4G"]:
        assert f"#SBATCH --{option}" in script, script
    assert f"set -- {PLANETS} output.every_steps=5 --steps 7" in script
    with pytest.raises(divisi.Error, match="--time"):
        divisi.submit(PLANETS, ranks=1, out=tmp_path / "other")
    sbatch.write_text("#!/bin/sh\necho 'sbatch: error: no such partition' >&2\nexit 1\n")
    with pytest.raises(divisi.Error, match="no such partition"):
        divisi.submit(PLANETS, ranks=1, time="1:00:00", out=tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_parameters_are_written_as_the_command_line_has_them():
    given = {"a": 1, "b": 0.1, "c": True, "d": 'x "y"\n', "e": [1, 2.5], "f": np.float64(1e-300), "g": {"from": 1}, "h": np.arange(2)}
    words = ["a=1", "b=0.1", "c=true", 'd="x \\"y\\"\\U0000000A"', "e=[1, 2.5]", "f=1e-300", 'g={ "from" = 1 }', "h=[0, 1]"]
    assert words_of(given) == words
    with pytest.raises(TypeError, match="x: a parameter is"):
        words_of({"x": None})


def test_launchers_are_chosen_by_ranks_and_place(monkeypatch, tmp_path):
    for name in ("srun", "mpirun"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("SLURM_JOB_ID", "DIVISI_LAUNCHER"):
        monkeypatch.delenv(name, raising=False)
    assert launcher(1, None) == [] and launcher(3, None) == ["mpirun", "-n", "3"]
    assert launcher(2, "mpiexec --quiet") == ["mpiexec", "--quiet", "-n", "2"]
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    assert launcher(1, None)[:2] == ["srun", "--mpi=pmix"]
    monkeypatch.setenv("PMIX_RANK", "0")
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "1")
    assert not any(name.startswith(("PMIX_", "OMPI_COMM")) for name in environment())


def test_a_launcher_beside_the_program_is_found_where_none_is_in_path(monkeypatch, tmp_path):
    for name in ("divisi", "mpirun"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setenv("DIVISI_PROGRAM", str(tmp_path / "divisi"))
    for name in ("SLURM_JOB_ID", "DIVISI_LAUNCHER"):
        monkeypatch.delenv(name, raising=False)
    assert launcher(2, None) == ["mpirun", "-n", "2"]
    assert environment()["PATH"].split(":") == [str(tmp_path / "nothing"), str(tmp_path)]
    (tmp_path / "mpirun").unlink()
    with pytest.raises(FileNotFoundError, match="no mpirun"):
        launcher(2, None)


def test_messages_are_found_among_those_of_launchers():
    noise = "x on 2 ranks\ndivisi: rank 1: cannot write a\nb\n-----\nMPI_ABORT was invoked\n"
    assert message_in(noise, 1) == "rank 1: cannot write a\nb"
    assert message_in("", -9) == "killed by signal 9" and "said nothing" in message_in("", 5)
    assert share_done("step 5 t = 1 dt = 2 waiting 0 % left 30 s\n", 10.0)[0] == 0.25
    assert share_done("step 5 t = 1 left 1 min 30 s\n", 10.0)[0] == 0.1
    assert share_done("3 of 8 done, 1 failed, 2 under way, 1 tasks/s, left 4 s", 1.0)[0] == 0.5
    assert share_done("step 5 left unknown", 1.0)[0] is None and share_done("", 1.0) == (None, "")


def test_a_program_that_is_missing_is_named(monkeypatch):
    monkeypatch.setenv("DIVISI_PROGRAM", "/no/such/program")
    with pytest.raises(FileNotFoundError, match="DIVISI_PROGRAM is '/no/such/program'"):
        divisi.run(PLANETS)


def test_ranks_are_counted_from_one():
    with pytest.raises(ValueError, match="ranks is 0"):
        divisi.run(PLANETS, ranks=0)
