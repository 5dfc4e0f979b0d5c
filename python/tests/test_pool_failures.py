"""What goes wrong with a call has a type, the rest goes on, what a journal has never runs again, and no process is left."""

import concurrent.futures
import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import traceback

import divisi
import pytest
from divisi._connection import connect, exactly
from divisi._program import environment, find_program
from divisi._worker import HEAD

PACKAGE = str(pathlib.Path(divisi.__file__).parents[1])


def processes(mark):
    """The processes that have a text among their words."""
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                words, state = (folder / "cmdline").read_bytes(), (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
            except OSError:
                continue
            if mark.encode() in words and state != "Z":
                found.append(int(folder.name))
    return found


def is_alive(process):
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until(true, seconds=20.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come about")


@pytest.fixture(scope="module")
def pool():
    with divisi.Pool(ranks=2) as pool:
        yield pool


def deep(x):
    def deeper(y):
        raise LookupError(f"no {y}")

    return deeper(x)


def test_an_exception_comes_back_with_its_traceback(pool):
    future = pool.submit(deep, "luck")
    error = future.exception()
    assert type(error) is LookupError and error.args == ("no luck",)
    text = "".join(traceback.format_exception(error))
    assert "in deep" in text and "in deeper" in text and "_divisi_worker" not in text
    with pytest.raises(LookupError, match="no luck"):
        future.result()
    assert pool.submit(abs, -1).result() == 1


def test_exceptions_that_cannot_be_pickled_still_say_what_they_were(pool):
    def bad():
        class Odd(Exception):
            def __init__(self, a, b):
                super().__init__(a)
                self.lock = threading.Lock()

        raise Odd("odd", 1)

    error = pool.submit(bad).exception()
    assert type(error) is divisi.PoolError and "Odd: odd" in str(error) and "in bad" in str(error.__cause__)
    assert isinstance(pool.submit(sys.exit, 3).exception(), SystemExit)


def test_a_call_that_ends_its_process_has_a_typed_error_and_the_rest_goes_on(pool, tmp_path):
    def fatal(i):
        if i == 5:
            with open(tmp_path / "log", "a") as file:
                file.write("x")
            os._exit(9)
        return i

    futures = [pool.submit(fatal, i) for i in range(40)]
    error = futures[5].exception()
    assert type(error) is divisi.WorkerDied and "exit status: 9" in str(error)
    assert [future.result() for i, future in enumerate(futures) if i != 5] == [i for i in range(40) if i != 5]
    # It may not be to blame: it was tried three times.
    assert (tmp_path / "log").read_text() == "xxx"


def test_a_killed_process_costs_nothing_but_time(pool, tmp_path):
    def work(i):
        (tmp_path / f"{i}.{os.getpid()}").touch()
        time.sleep(0.3)
        return i

    futures = [pool.submit(work, i) for i in range(8)]
    wait_until(lambda: len(list(tmp_path.iterdir())) >= 2)
    os.kill(int(next(tmp_path.iterdir()).suffix[1:]), signal.SIGKILL)
    assert [future.result() for future in futures] == list(range(8))


def test_a_killed_rank_is_survived(tmp_path):
    with divisi.Pool(ranks=3, journal=tmp_path / "run") as pool:
        futures = [pool.submit(lambda i: (time.sleep(0.2), i)[1], i) for i in range(20)]
        time.sleep(0.3)
        workers = pool.apply(os.getppid)
        os.kill(workers[2], signal.SIGKILL)
        assert [future.result() for future in futures] == list(range(20))
        assert pool.counts["deaths"] == 1 and pool.ranks == [0, 1]
    wait_until(lambda: not processes(str(tmp_path)))


def test_a_hang_is_ended_at_its_limit(pool, tmp_path):
    def hang(i):
        if i == 3:
            time.sleep(60)
        return i

    began = time.monotonic()
    futures = [pool.options(time_limit=0.5).submit(hang, i) for i in range(10)]
    error = futures[3].exception()
    assert type(error) is divisi.TimedOut and isinstance(error, TimeoutError) and "time limit of 0.5 s" in str(error)
    assert time.monotonic() - began < 5
    assert [future.result() for i, future in enumerate(futures) if i != 3] == [i for i in range(10) if i != 3]
    assert isinstance(pool.options(time_limit=0.2).submit(lambda: [None for _ in iter(int, 1)]).exception(), divisi.TimedOut)


def test_retries_are_counted_and_the_last_exception_comes_back(pool, tmp_path):
    def third_time(name):
        path = tmp_path / name
        path.write_text(path.read_text() + "x" if path.exists() else "x")
        if divisi.this_task().attempt < 3:
            raise RuntimeError(f"attempt {divisi.this_task().attempt}")
        return len(path.read_text())

    assert pool.options(retries=2).submit(third_time, "good").result() == 3
    with pytest.raises(RuntimeError, match="attempt 2"):
        pool.options(retries=1).submit(third_time, "bad").result()
    with pytest.raises(RuntimeError, match="attempt 1"):
        pool.submit(third_time, "once").result()
    assert (tmp_path / "once").read_text() == "x"


def test_a_result_that_cannot_be_pickled(pool):
    error = pool.submit(threading.Lock).exception()
    assert type(error) is divisi.ResultError and "cannot be pickled" in str(error) and "lock" in str(error)
    with pytest.raises(TypeError, match="lock"):
        pool.submit(abs, threading.Lock())
    assert pool.submit(abs, -1).result() == 1


def test_an_import_that_fails_on_a_rank(pool, tmp_path, monkeypatch):
    (tmp_path / "only_here.py").write_text("def f(x):\n    return x\n")
    monkeypatch.syspath_prepend(tmp_path)
    import only_here

    (tmp_path / "only_here.py").unlink()
    (tmp_path / "__pycache__").exists() and [path.unlink() for path in (tmp_path / "__pycache__").iterdir()]
    error = pool.submit(only_here.f, 1).exception()
    assert type(error) is ModuleNotFoundError and "only_here" in str(error)
    assert isinstance(pool.submit(eval, "__import__('no_such_module')").exception(), ModuleNotFoundError)


def test_memory_is_limited(tmp_path):
    with divisi.Pool(ranks=2, memory=500 << 20) as pool:
        assert isinstance(pool.submit(bytearray, 1 << 30).exception(), MemoryError)
        assert pool.submit(len, bytearray(1 << 20)).result() == 1 << 20


@pytest.fixture
def scarce_memory():
    """A cgroup in which processes may use 200 MB; the system kills one that takes more."""
    for root, limit in (("memory", "memory.limit_in_bytes"), ("", "memory.max")):
        folder = pathlib.Path("/sys/fs/cgroup", root, f"divisi-test-{os.getpid()}")
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            (folder / limit).write_text(str(200 << 20))
            yield folder
            return
        except OSError:
            continue
        finally:
            wait_until(lambda folder=folder: not (folder / "cgroup.procs").read_text())
            folder.rmdir()
    pytest.skip("no cgroup of memory can be made here")


def test_a_call_that_the_system_kills_for_want_of_memory(pool, scarce_memory):
    def greedy(i):
        if i == 2:
            (scarce_memory / "cgroup.procs").write_text(str(os.getpid()))
            return len(b"x" * (1 << 30))
        return i

    futures = [pool.submit(greedy, i) for i in range(6)]
    error = futures[2].exception()
    assert type(error) is divisi.WorkerDied and "signal: 9" in str(error) and "memory" in str(error)
    assert [future.result() for i, future in enumerate(futures) if i != 2] == [0, 1, 3, 4, 5]


def test_a_python_that_does_not_start(tmp_path):
    with divisi.Pool(ranks=2, python="/no/such/python") as pool:
        error = pool.submit(abs, 1).exception()
        assert type(error) is divisi.NoPython and "/no/such/python" in str(error)
    with divisi.Pool(ranks=1, python="false") as pool:
        assert "exit status: 1, before it began a call" in str(pool.submit(abs, 1).exception())


def test_a_killed_pool_has_a_typed_error_and_its_journal_goes_on(tmp_path):
    def work(i, folder):
        with open(f"{folder}/log", "a") as file:
            file.write(f"{i}\n")
        time.sleep(0.05)
        return i * i

    pool = divisi.Pool(ranks=2, journal=tmp_path / "run")
    futures = [pool.submit(work, i, str(tmp_path)) for i in range(30)]
    wait_until(lambda: sum(future.done() for future in futures) >= 10)
    # What is handed over has been recorded; it is in the file a tenth of a second later.
    done = [i for i, future in enumerate(futures) if future.done()]
    time.sleep(0.3)
    os.kill(pool.apply(os.getppid)[0], signal.SIGKILL)
    errors = [future.exception() for future in futures]
    broken = [error for error in errors if error is not None]
    assert broken and all(isinstance(error, (divisi.PoolBroken, concurrent.futures.BrokenExecutor)) for error in broken)
    with pytest.raises(divisi.PoolBroken, match="the pool has ended"):
        pool.submit(abs, 1)
    pool.shutdown()
    wait_until(lambda: not processes(str(tmp_path)))
    (tmp_path / "log").unlink()
    with divisi.Pool(ranks=3, journal=tmp_path / "run") as pool:
        # In another order, too.
        again = {i: pool.submit(work, i, str(tmp_path)) for i in reversed(range(30))}
        assert {i: future.result() for i, future in again.items()} == {i: i * i for i in range(30)}
        assert pool.counts["recovered"] >= len(done)
    ran = [int(line) for line in (tmp_path / "log").read_text().split()]
    assert not set(ran) & set(done) and len(ran) == len(set(ran)) < 30


def test_nothing_is_left_of_a_killed_client_and_its_journal_goes_on(tmp_path):
    script = f"""if True:
        import divisi, os, subprocess, time
        def work(i):
            subprocess.Popen(["sleep", "98765"])
            open({str(tmp_path / "log")!r}, "a").write(f"{{i}} {{os.getpid()}}\\n")
            time.sleep(0.1)
            return i
        pool = divisi.Pool(ranks=2, journal={str(tmp_path / "run")!r})
        list(pool.map(work, range(1000)))
        """
    client = subprocess.Popen([sys.executable, "-c", script], env=environment() | {"PYTHONPATH": PACKAGE})
    log = tmp_path / "log"
    wait_until(lambda: log.exists() and log.read_text().count("\n") > 8)
    workers = {int(line.split()[1]) for line in log.read_text().splitlines()}
    client.kill()
    client.wait()
    wait_until(lambda: not processes(str(tmp_path)))
    wait_until(lambda: not any(is_alive(worker) for worker in workers) and not processes("98765"))
    assert not (tmp_path / "run" / "pool.json").exists()
    ran = log.read_text().count("\n")
    with divisi.Pool(ranks=2, journal=tmp_path / "run") as pool:
        assert pool.submit(abs, -1).result() == 1
    assert ran < 1000


def test_results_by_arguments_are_kept(tmp_path):
    def slow(x):
        with open(tmp_path / "log", "a") as file:
            file.write(f"{x}\n")
        return x + 1

    for _ in range(2):
        with divisi.Pool(ranks=2, journal=tmp_path / "run") as pool:
            cached = pool.options(cache=True)
            assert list(cached.map(slow, [1, 2, 1, 2])) == [2, 3, 2, 3]
    assert sorted((tmp_path / "log").read_text().split()) == ["1", "2"]

    def slow(x):
        with open(tmp_path / "log", "a") as file:
            file.write(f"{x}\n")
        return x + 2

    with divisi.Pool(ranks=2, journal=tmp_path / "run") as pool:
        assert pool.options(cache=True).submit(slow, 1).result() == 3


def test_each_of_equal_calls_is_recorded_and_those_that_raised_run_again(tmp_path):
    def draw():
        with open(tmp_path / "log", "a") as file:
            file.write("x")
        return divisi.this_task().random.random()

    def bad():
        with open(tmp_path / "bad", "a") as file:
            file.write("x")
        raise ValueError

    drawn = []
    for ranks in (2, 1):
        with divisi.Pool(ranks=ranks, journal=tmp_path / "run") as pool:
            drawn.append([future.result() for future in [pool.submit(draw) for _ in range(5)]])
            assert isinstance(pool.submit(bad).exception(), ValueError)
    assert sorted(drawn[0]) == sorted(drawn[1]) and len(set(drawn[0])) == 5
    assert (tmp_path / "log").read_text() == "x" * 5 and (tmp_path / "bad").read_text() == "xx"


def serve(folder, *words):
    command = ["mpirun", "-n", "2", str(find_program()), "serve", str(folder), "--python", sys.executable, "--stay", *words]
    return subprocess.Popen(command, env=environment(2), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)


def test_a_pool_that_stays_is_joined_again_after_its_client_was_killed(tmp_path):
    folder = tmp_path / "run"
    job = serve(folder, "--journal", "--network")
    try:
        wait_until(lambda: (folder / "pool.json").exists())
        assert len(json.loads((folder / "pool.json").read_text())["addresses"]) >= 1
        script = f"""if True:
            import divisi, os, signal
            from os.path import getsize
            pool = divisi.Pool.attach({str(folder)!r})
            print(sum(pool.options(cache=True).map(pow, range(50), [2] * 50)))
            os.kill(os.getpid(), signal.SIGKILL)
            """
        variables = environment() | {"PYTHONPATH": PACKAGE}
        first = subprocess.run([sys.executable, "-c", script], env=variables, stdout=subprocess.PIPE, text=True, timeout=60)
        assert first.returncode == -signal.SIGKILL and job.poll() is None
        pool = divisi.Pool.attach(folder)
        assert pool.submit(os.getpid).result() > 0 and pool.ranks == [0, 1]
        pool.shutdown()
        assert job.poll() is None
        divisi.Pool.attach(folder).stop()
        assert job.wait(30) == 0
    finally:
        job.kill()
    with pytest.raises(divisi.PoolError, match="no pool is at work"):
        divisi.Pool.attach(folder)


def test_what_a_killed_client_left_to_a_pool_that_stays_is_there_for_the_next(tmp_path):
    """Calls that had returned, those under way and those that waited: each runs once. Equal calls of one client stay as many."""
    folder, log = tmp_path / "run", tmp_path / "log"
    calls = f"""if True:
        import divisi, os, signal, sys, time
        def work(i):
            with open({str(log)!r}, "a") as file:
                file.write(f"{{i}}\\n")
            time.sleep(0.1)
            return i * i
        def draw():
            return divisi.this_task().random.random()
        pool = divisi.Pool.attach({str(folder)!r})
        drawn = [future.result() for future in [pool.submit(draw) for _ in range(3)]]
        futures = [pool.submit(work, i) for i in range(24)]
        """
    killed = calls + """
        print(drawn, flush=True)
        [future.result() for future in futures[:8]]
        os.kill(os.getpid(), signal.SIGKILL)
        """
    whole = calls + """
        assert [future.result() for future in futures] == [i * i for i in range(24)]
        print(drawn, sorted(drawn + [pool.submit(draw).result()])[0] > 0, len({pool.submit(draw).result() for _ in range(3)}))
        pool.shutdown()
        """
    job = serve(folder, "--journal")
    try:
        wait_until(lambda: (folder / "pool.json").exists())
        variables = environment() | {"PYTHONPATH": PACKAGE}

        def client(script):
            return subprocess.run([sys.executable, "-c", script], env=variables, stdout=subprocess.PIPE, text=True, timeout=60)

        first = client(killed)
        assert first.returncode == -signal.SIGKILL
        second = client(whole)
        assert second.returncode == 0
        assert second.stdout == first.stdout.strip() + " True 3\n"
        # And after one that has left by itself.
        assert client(whole).returncode == 0
        assert sorted(int(line) for line in log.read_text().split()) == list(range(24))
        divisi.Pool.attach(folder).stop()
        assert job.wait(30) == 0
    finally:
        job.kill()


def test_what_is_meant_for_a_rank_is_not_taken_from_an_earlier_pool(tmp_path):
    processes = []
    for _ in range(2):
        with divisi.Pool(ranks=2, journal=tmp_path / "run") as pool:
            pool.push({"a": os.urandom(4)})
            assert pool.pull("a") == [pool.pull("a", ranks=[0])[0]] * 2
            processes.append(pool.apply(os.getpid))
    assert len({*processes[0], *processes[1]}) == 4


def test_two_pools_do_not_share_a_folder(tmp_path):
    with divisi.Pool(ranks=1, journal=tmp_path / "run") as pool:
        with pytest.raises(divisi.PoolError, match="run"):
            divisi.Pool(ranks=1, journal=tmp_path / "run")
        assert pool.submit(abs, -1).result() == 1


# The door


@pytest.fixture
def door(pool):
    told = json.loads((pool.path / "pool.json").read_text())
    return lambda: socket.create_connection((told["addresses"][0], told["port"]), timeout=10)


def test_the_key_is_for_its_owner_alone(pool):
    about = (pool.path / "pool.json").stat()
    assert stat.S_IMODE(about.st_mode) == 0o600 and about.st_uid == os.getuid()
    told = json.loads((pool.path / "pool.json").read_text())
    assert told["addresses"] == ["127.0.0.1"] and len(told["key"]) == 64


def is_closed(link):
    try:
        return link.recv(1) == b""
    except OSError:
        return True


def test_who_does_not_know_the_key_is_sent_away(pool, door, tmp_path):
    for said in (bytes(64), b"GET / HTTP/1.1\r\n" * 4, os.urandom(64)):
        with door() as link:
            assert exactly(link, 8) == b"divisi 1" and len(exactly(link, 32)) == 32
            link.sendall(said)
            assert is_closed(link)
    told = json.loads((pool.path / "pool.json").read_text())
    (tmp_path / "pool.json").write_text(json.dumps(told | {"key": "00" * 32}))
    with pytest.raises(divisi.PoolError, match="does not answer"):
        connect(tmp_path)
    assert pool.submit(abs, -1).result() == 1


def test_a_flood_of_strangers_holds_nobody_up(pool, door):
    links = [door() for _ in range(100)]
    began = time.monotonic()
    assert pool.submit(abs, -1).result() == 1 and time.monotonic() - began < 2
    # More than may wait are closed at once, the others in a while.
    closed = sum(exactly_or_closed(link) for link in links)
    assert closed >= 80
    for link in links:
        link.close()
    wait_until(lambda: knock(pool))


def exactly_or_closed(link):
    link.settimeout(0.05)
    try:
        exactly(link, 40)
        return link.recv(1) == b""
    except TimeoutError:
        return False
    except (OSError, EOFError):
        return True


def knock(pool):
    try:
        connect(pool.path).close()
    except divisi.PoolError:
        return False
    return True


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (HEAD.pack(1 << 60, 1, 0), "longer than"),
        (HEAD.pack(0, 77, 0), "no frame has the kind 77"),
        (HEAD.pack(8, 1, 0) + bytes(8), "too short"),
        (HEAD.pack(64, 1, 0) + bytes(64), "there is no function 0"),
        (HEAD.pack(8, 3, 1 << 30) + bytes(8), "too short"),
    ],
)
def test_frames_that_make_no_sense_end_their_connection_alone(pool, frame, reason):
    link = connect(pool.path)
    link.settimeout(10)
    link.sendall(frame)
    length, kind, _ = HEAD.unpack(exactly(link, HEAD.size))
    assert kind == 103 and reason in exactly(link, length).decode()
    assert is_closed(link)
    assert pool.submit(abs, -1).result() == 1


def test_a_head_alone_takes_no_memory(pool):
    resident = lambda: int(pathlib.Path(f"/proc/{pool.apply(os.getppid)[0]}/statm").read_text().split()[1]) * 4096  # noqa: E731
    before = resident()
    link = connect(pool.path)
    link.sendall(HEAD.pack(1 << 33, 1, 0) + bytes(1000))
    time.sleep(0.3)
    assert resident() - before < 64 << 20
    link.close()
