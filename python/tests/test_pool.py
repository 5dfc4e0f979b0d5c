"""Functions of a script on the ranks of a pool: values, graphs, settings, values on ranks."""

import concurrent.futures
import functools
import operator
import os
import pathlib
import subprocess
import sys
import threading
import time

import divisi
import numpy as np
import pytest
from divisi._program import environment
from divisi._task import Within

PACKAGE = str(pathlib.Path(divisi.__file__).parents[1])


@pytest.fixture(scope="module")
def pool():
    with divisi.Pool(ranks=2) as pool:
        yield pool


def python(script, **how):
    """Runs a script as a user would."""
    variables = environment() | {"PYTHONPATH": PACKAGE}
    return subprocess.run([sys.executable, *how.pop("words", ["-c", script])], env=variables, capture_output=True, text=True, timeout=60, **how)


def test_a_pool_is_an_executor(pool):
    assert isinstance(pool, concurrent.futures.Executor)
    assert pool.submit(pow, 2, 10).result() == 1024
    assert pool.submit(int, "ff", base=16).result() == 255
    assert list(pool.map(operator.add, range(50), range(50))) == [2 * one for one in range(50)]
    assert list(pool.map(abs, range(-1000, 0), chunksize=64)) == list(range(1000, 0, -1))
    assert list(pool.map(abs, [])) == []
    futures = [pool.submit(abs, one) for one in range(20)]
    assert sorted(future.result() for future in divisi.as_completed(futures)) == list(range(20))
    done, rest = divisi.wait(futures)
    assert len(done) == 20 and not rest
    assert {future.result() for future in concurrent.futures.as_completed(futures)} == set(range(20))
    with pytest.raises(ValueError, match="chunksize"):
        pool.map(abs, [1], chunksize=0)


def test_closures_lambdas_and_what_they_use_travel(pool):
    scale = 3

    def outer(factor):
        return lambda x: factor * x + scale

    assert list(pool.map(outer(2), range(3))) == [3, 5, 7]
    assert list(pool.map(lambda x, y: (x, y), "ab", [1, 2])) == [("a", 1), ("b", 2)]
    assert pool.submit(functools.partial(operator.mul, 6), 7).result() == 42
    scale = 100
    assert pool.submit(outer(1), 1).result() == 101


def test_a_function_whose_globals_were_bound_anew_is_sent_again(pool):
    names = {"__name__": "__main__", "factor": 2}
    exec("def f(x):\n    return factor * x", names)
    assert pool.submit(names["f"], 10).result() == 20
    names["factor"] = 5
    assert pool.submit(names["f"], 10).result() == 50


def test_all_ranks_take_part_and_every_rank_its_own(pool):
    assert pool.ranks == [0, 1] and pool.size == 2
    assert pool.apply(lambda: divisi.this_task().rank) == [0, 1]
    assert pool.options(rank=1).submit(lambda: divisi.this_task().rank).result() == 1
    with pytest.raises(divisi.PoolError, match="this rank takes no calls"):
        pool.options(rank=7).submit(abs, 1).result()
    processes = set(pool.map(lambda _: (time.sleep(0.01), os.getpid())[1], range(40)))
    assert len(processes) == 2


@pytest.mark.parametrize("array", [np.arange(10.0), np.zeros((3, 0)), np.random.default_rng(1).normal(size=(300, 1000)), np.asfortranarray(np.eye(400))])
def test_arrays_go_and_come_back_as_they_are(pool, array):
    back = pool.submit(lambda x: (x, x.flags.writeable, x.flags.aligned), array).result()
    assert np.array_equal(back[0], array) and back[0].dtype == array.dtype and back[1] and back[2]
    assert back[0].flags.f_contiguous == array.flags.f_contiguous
    back[0].sum()


def test_an_array_that_is_changed_after_its_call_was_submitted_is_sent_as_it_was(pool):
    array, futures = np.zeros(200_000), []
    for step in range(10):
        array[:] = step
        futures.append(pool.submit(np.mean, array))
    assert [future.result() for future in futures] == list(range(10))


def test_futures_are_arguments(pool):
    first = pool.submit(lambda: (time.sleep(0.2), np.arange(5))[1])
    second = pool.submit(np.sum, first)
    third = pool.submit(lambda parts, more: sum(parts) + more["x"], [second, 1, second], {"x": first.result().max()})
    assert third.result() == 10 + 1 + 10 + 4
    chain = pool.submit(abs, 0)
    for _ in range(300):
        chain = pool.submit(operator.add, chain, 1)
    assert chain.result() == 300
    with pytest.raises(TypeError, match="as an argument of a call only"):
        import pickle

        pickle.dumps(pool.submit(abs, 1))


def test_what_needs_the_result_of_a_call_that_raised_raises_the_same(pool):
    bad = pool.submit(lambda: (time.sleep(0.1), 1 / 0))
    assert isinstance(pool.submit(operator.add, bad, 1).exception(), ZeroDivisionError)


def test_lazy_calls_run_once_and_only_if_asked_for(pool, tmp_path):
    def note(name, *parts):
        with open(tmp_path / "log", "a") as file:
            file.write(name + "\n")
        return sum(parts) + 1

    a = pool.lazy(note, "a")
    b = pool.lazy(note, "b", a)
    pool.lazy(note, "never", a)
    c = pool.lazy(note, "c", a, b)
    time.sleep(0.1)
    assert not (tmp_path / "log").exists()
    assert c.result() == 4 and c.result() == 4
    assert (tmp_path / "log").read_text().split() == ["a", "b", "c"]
    d = pool.lazy(note, "d")
    assert [future.result() for future in divisi.as_completed([d])] == [1]


def test_tasks_have_their_settings_and_cached_nodes_are_shared(pool, tmp_path):
    @divisi.task(cache=True)
    def factorial(n, below=None):
        with open(tmp_path / "log", "a") as file:
            file.write(f"{n}\n")
        return 1 if n < 2 else n * below

    def node(n):
        return factorial.lazy(n) if n < 2 else factorial.lazy(n, node(n - 1))

    assert factorial(1) == 1
    (tmp_path / "log").unlink()
    assert node(5).result() == 120
    assert factorial.submit(1).result() == 1 and list(factorial.map([1, 1])) == [1, 1]
    assert (tmp_path / "log").read_text().split().count("1") == 1
    with pytest.raises(TypeError, match="no setting retrys"):
        divisi.task(retrys=1)


def test_values_on_ranks(pool):
    table = pool.put(np.arange(1000))
    assert list(pool.map(lambda i, t: int(t[i]), [3, 5], [table] * 2)) == [3, 5]
    pool.push({"a": 7, "b": "x"})
    assert pool.pull("a") == [7, 7]
    pool.push({"a": 8}, ranks=[1])
    assert pool.pull("a") == [7, 8] and pool.pull("b", ranks=[1]) == ["x"]
    pool.scatter("part", np.arange(7))
    assert pool.apply(lambda: len(divisi.value("part"))) == [3, 4]
    pool.apply(lambda: divisi.keep("part", divisi.value("part") * 2))
    assert np.array_equal(pool.gather("part"), 2 * np.arange(7))
    pool.scatter("words", ["x", "y", "z"])
    assert pool.gather("words") == ["x", "y", "z"]
    with pytest.raises(KeyError, match="has no value 'nothing'"):
        pool.pull("nothing")
    with pytest.raises(ValueError, match="no name for a value"):
        pool.push({"#1": 0})
    with pytest.raises(ValueError, match="rank 9 takes no calls"):
        pool.push({"a": 1}, ranks=[9])


def test_a_value_that_is_long_and_asked_for_amid_many_calls(pool):
    pool.push({"long": np.ones(500_000)})
    sums = pool.map(lambda i: divisi.value("long").sum() + i, range(100))
    assert list(sums) == [500_000 + i for i in range(100)]


@pytest.mark.parametrize("ranks", [1, 3])
def test_random_numbers_are_a_calls_own_on_any_number_of_ranks(pool, ranks):
    def draw(n):
        return divisi.this_task().random.normal(size=n)

    with divisi.Pool(ranks=ranks, seed=5) as one, divisi.Pool(ranks=2, seed=5) as two:
        drawn = [list(each.map(draw, [3] * 10)) for each in (one, two)]
    assert np.array_equal(*drawn) and len({tuple(row) for row in drawn[0]}) == 10


def test_priorities_go_first():
    with divisi.Pool(ranks=1) as pool:
        gate = pool.submit(time.sleep, 0.5)
        time.sleep(0.2)
        began = {priority: pool.options(priority=priority).submit(time.monotonic_ns) for priority in (0, 1, 5, -1)}
        assert sorted(began, key=lambda priority: began[priority].result()) == [5, 1, 0, -1] and gate.done()


def test_many_calls_and_bytes_from_several_threads(pool):
    def many(offset):
        assert list(pool.map(lambda x: x + 1, range(offset, offset + 2000))) == list(range(offset + 1, offset + 2001))

    threads = [threading.Thread(target=many, args=(offset,)) for offset in range(0, 4000, 1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_cancelled_call_is_gone_and_its_process_too(pool):
    running = [pool.submit(time.sleep, 60) for _ in range(2)]
    waiting = pool.submit(abs, 1)
    time.sleep(0.3)
    assert waiting.cancel() and waiting.cancelled()
    assert all(future.cancel() for future in running)
    with pytest.raises(concurrent.futures.CancelledError):
        running[0].result()
    began = time.monotonic()
    assert pool.submit(abs, -2).result() == 2 and time.monotonic() - began < 20


def test_timeouts_of_waiting_leave_the_call_alone(pool):
    future = pool.submit(lambda: (time.sleep(0.5), 7)[1])
    with pytest.raises(TimeoutError):
        future.result(timeout=0.05)
    assert future.result() == 7
    with pytest.raises(TimeoutError):
        list(pool.map(time.sleep, [0.5, 0.5], timeout=0.05))


def test_what_a_call_prints_is_shown(tmp_path):
    done = python("import divisi\nwith divisi.Pool(2) as p: list(p.map(lambda i: print('said', i), range(2)))")
    assert done.stdout.count("said") == 2, done


def test_a_script_needs_no_guard_and_its_classes_travel(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import dataclasses, divisi\n"
        "@dataclasses.dataclass\nclass Star:\n    mass: float\n"
        "def heavier(star): return Star(2 * star.mass)\n"
        "with divisi.Pool(2) as pool:\n"
        "    stars = list(pool.map(heavier, [Star(1.0), Star(2.0)]))\n"
        "    assert stars == [Star(2.0), Star(4.0)] and type(stars[0]) is Star\n"
        "print('well')\n"
    )
    done = python("", words=[str(script)])
    assert done.stdout == "well\n" and done.returncode == 0, done


def test_the_interactive_interpreter():
    words = "import divisi\npool = divisi.Pool(2)\nf = lambda x: x * x\nprint(list(pool.map(f, range(4))))\n"
    done = python("", words=["-i"], input=words + "f = lambda x: x + 1\nprint(list(pool.map(f, range(4))))\npool.shutdown()\n")
    assert "[0, 1, 4, 9]" in done.stdout and "[1, 2, 3, 4]" in done.stdout, done


def test_a_notebook():
    manager = pytest.importorskip("jupyter_client.manager")
    pytest.importorskip("ipykernel")
    kernel, client = manager.start_new_kernel(env=environment() | {"PYTHONPATH": PACKAGE})
    try:
        shown = []

        def hear(message):
            if message["msg_type"] in ("stream", "error"):
                shown.append(message["content"].get("text") or str(message["content"]))

        for cell in ("import divisi; pool = divisi.Pool(2)", "k = 3\nprint(list(pool.map(lambda x: k * x, range(3))))", "pool.shutdown()"):
            client.execute_interactive(cell, timeout=60, output_hook=hear)
        assert "[0, 3, 6]" in "".join(shown), shown
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)


def test_after_the_end_nothing_is_submitted(monkeypatch):
    pool = divisi.Pool(ranks=1)
    future = pool.submit(abs, -3)
    pool.shutdown()
    assert future.result() == 3 and "at an end" in repr(pool) and not pool.path.exists()
    with pytest.raises(RuntimeError, match="was shut down"):
        pool.submit(abs, 1)
    pool.shutdown()
    monkeypatch.setattr(Within, "pools", [])
    with pytest.raises(RuntimeError, match="there is no pool"):
        divisi.task(abs).submit(1)
    with pytest.raises(RuntimeError, match="not a rank of a pool"):
        divisi.this_task()
    with pytest.raises(ValueError, match="ranks is 0"):
        divisi.Pool(ranks=0)
