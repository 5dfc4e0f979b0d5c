"""Other systems on sweeps of independent tasks, two workers each. Usage: sweep_peers.py [NAME ..]

    mpi4py           a manager by hand that keeps two tasks at each of its two workers: 3 ranks
    mpi4py-2         the same manager with one worker: 2 ranks, both of which the ideal counts
    mpi4py.futures   MPIPoolExecutor: 3 ranks
    multiprocessing  Pool
    concurrent       ProcessPoolExecutor
    divisi           divisi.Pool, two ranks; divisi-journal: with a journal
    joblib           Parallel, loky's two processes
    ipyparallel      a load-balanced view of two engines
    executorlib      SingleNodeExecutor, two cores
    dask             Dask distributed, two worker processes
    ray              Ray, two workers
    hyperqueue       HyperQueue, a process (`true`) per task
    parallel         GNU parallel -j2, a process (`true`) per task

Prints JSON lines {"system", "figure", "value"}; a system that is not installed, or fails, is skipped with a line on
standard error.

    first_result_s      from the start of the process (of mpirun) to the first result
    round_trip_us       median of one task at a time: submitted, done, its result back
    noop_per_s          tasks that do nothing, each submitted by itself
    chunked_per_s       the same in chunks of 1000
    share_10ms          of the ideal, for tasks of 10 ms: their sum / WORKERS / makespan
    share_100us         the same for tasks of 100 us
    ramp                makespan / ideal of 100 tasks of 1 to 50 ms, task i taking 1 + 49 i / 99 ms, each by itself
    ramp_static         the same in one block of 50 for each worker
    payload_MB_per_s    1 MB to each task and 1 MB back, both counted
    array_MB_per_s      the same with an array of numpy

Tasks spin for so much processor time: a manager that takes a core from its workers counts against them.
"""
import contextlib
import importlib.util
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

WORKERS = 2
CHUNK = 1000
MEGABYTE = 1_000_000
# Seconds after which a system is ended.
LIMIT = 240
# Seconds that a count of empty tasks should take.
SPELL = 1.0


# ---------------------------------------------------------------------------------------------------------- the tasks


def noop(argument):
    return argument


def spin(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def noops(arguments):
    return [noop(argument) for argument in arguments]


def spins(arguments):
    return [spin(argument) for argument in arguments]


# --------------------------------------------------------------------------------------------------------- the figures


def seconds_of(function, tasks, run):
    tasks = list(tasks)
    start = time.perf_counter()
    results = run(function, tasks)
    seconds = time.perf_counter() - start
    assert len(results) == len(tasks)
    return seconds


def rate(run, function, argument, most):
    """Tasks per second, with as many tasks as take about SPELL."""
    count, seconds = 50, 0.0
    while True:
        seconds = seconds_of(function, [argument] * count, run)
        if seconds > SPELL / 2 or count >= most:
            return count / seconds
        count = min(most, max(2 * count, int(count * SPELL / max(seconds, 1e-6))))


def figures(run):
    """All figures of a system; `run(function, arguments)` runs tasks and returns their results."""
    run(noop, [0])
    yield "first_result_s", time.time() - float(os.environ["SWEEP_PEERS_START"])
    run(noops, [[0]] * 4 * WORKERS)
    trips = [seconds_of(noop, [0], run) for _ in range(300)]
    yield "round_trip_us", 1e6 * statistics.median(trips)
    yield "noop_per_s", rate(run, noop, 0, 300_000)
    yield "chunked_per_s", CHUNK * rate(run, noops, [0] * CHUNK, 20_000)
    yield "share_10ms", 200 * 0.01 / WORKERS / seconds_of(spin, [0.01] * 200, run)
    yield "share_100us", 5000 * 1e-4 / WORKERS / seconds_of(spin, [1e-4] * 5000, run)
    ramp = [1e-3 * (1 + 49 * i / 99) for i in range(100)]
    ideal = sum(ramp) / WORKERS
    yield "ramp", seconds_of(spin, ramp, run) / ideal
    yield "ramp_static", seconds_of(spins, [ramp[:50], ramp[50:]], run) / ideal
    yield "payload_MB_per_s", 2 * 200 / seconds_of(noop, [bytes(MEGABYTE)] * 200, run)
    if importlib.util.find_spec("numpy"):
        import numpy

        array = numpy.ones(MEGABYTE // 8)
        yield "array_MB_per_s", 2 * 200 / seconds_of(noop, [array] * 200, run)


def show(system, found):
    """Prints figures; whatever the system itself says on standard output goes to standard error."""
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for figure, value in found:
        print(json.dumps({"system": system, "figure": figure, "value": float(f"{value:.4g}")}), file=lines, flush=True)


# --------------------------------------------------------------------------------------------------------- the systems


@contextlib.contextmanager
def by_hand():
    """Rank 0 manages; gives None on the other ranks, which work until they are told to stop."""
    from mpi4py import MPI

    comm = MPI.COMM_WORLD
    if comm.rank > 0:
        work(comm)
        yield None
        return
    yield lambda function, arguments: manage(comm, MPI, function, arguments)
    for worker in range(1, comm.size):
        comm.send(None, worker)


def work(comm):
    """Tasks of the function that came last."""
    while (task := comm.recv(source=0)) is not None:
        if callable(task):
            function = task
        else:
            index, argument = task
            comm.send((index, function(argument)), 0)


def manage(comm, MPI, function, arguments):
    """Two tasks at each worker; not blocking, or a long argument and a long result wait for each other."""
    results, status, on_their_way = [None] * len(arguments), MPI.Status(), {}
    tasks = iter(enumerate(arguments))

    def send(worker):
        for index, argument in tasks:
            on_their_way[index] = comm.isend((index, argument), worker)
            return

    for worker in range(1, comm.size):
        comm.send(function, worker)
    for worker in [*range(1, comm.size)] * 2:
        send(worker)
    for _ in arguments:
        index, result = comm.recv(source=MPI.ANY_SOURCE, status=status)
        results[index] = result
        on_their_way.pop(index).wait()
        send(status.source)
    return results


@contextlib.contextmanager
def mpi_futures():
    from mpi4py.futures import MPIPoolExecutor

    with MPIPoolExecutor() as executor:
        yield lambda function, arguments: list(executor.map(function, arguments))


@contextlib.contextmanager
def multiprocessing_pool():
    import multiprocessing

    with multiprocessing.Pool(WORKERS) as pool:
        yield lambda function, arguments: pool.map(function, arguments, chunksize=1)


@contextlib.contextmanager
def process_pool():
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(WORKERS) as executor:
        yield lambda function, arguments: list(executor.map(function, arguments))


@contextlib.contextmanager
def divisi_pool(journal=None):
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "python"))
    import divisi

    with divisi.Pool(ranks=WORKERS, journal=journal) as pool:
        yield lambda function, arguments: list(pool.map(function, arguments))


@contextlib.contextmanager
def joblib_parallel():
    from joblib import Parallel, delayed

    with Parallel(n_jobs=WORKERS) as parallel:
        yield lambda function, arguments: parallel(delayed(function)(argument) for argument in arguments)


@contextlib.contextmanager
def ipython_engines():
    import ipyparallel

    with ipyparallel.Cluster(n=WORKERS) as client:
        client[:].use_cloudpickle().get()
        view = client.load_balanced_view()
        yield lambda function, arguments: view.map_sync(function, arguments)


@contextlib.contextmanager
def executorlib_node():
    from executorlib import SingleNodeExecutor

    with SingleNodeExecutor(max_workers=WORKERS, block_allocation=True) as executor:
        yield lambda function, arguments: [future.result() for future in [executor.submit(function, one) for one in arguments]]


@contextlib.contextmanager
def dask():
    from distributed import Client, LocalCluster

    with LocalCluster(WORKERS, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            yield lambda function, arguments: client.gather(client.map(function, arguments, pure=False))


@contextlib.contextmanager
def ray_tasks():
    import ray

    ray.init(num_cpus=WORKERS, include_dashboard=False, logging_level="error")
    remote = {function: ray.remote(function) for function in (noop, noops, spin, spins)}
    yield lambda function, arguments: ray.get([remote[function].remote(argument) for argument in arguments])
    ray.shutdown()


def hyperqueue():
    """Figures of HyperQueue, whose tasks are programs."""
    from hyperqueue import Job, LocalCluster
    from hyperqueue.cluster import WorkerConfig

    def seconds(client, count):
        job = Job()
        for _ in range(count):
            job.program(["true"])
        start = time.perf_counter()
        client.wait_for_jobs([client.submit(job)])
        return time.perf_counter() - start

    # Where it writes what each task prints.
    os.chdir(tempfile.mkdtemp())
    with LocalCluster() as cluster:
        cluster.start_worker(WorkerConfig(cores=WORKERS))
        client = cluster.client()
        seconds(client, 1)
        yield "first_result_s", time.time() - float(os.environ["SWEEP_PEERS_START"])
        yield "noop_per_s", 1000 / seconds(client, 1000)


def parallel():
    """Figures of GNU parallel, whose tasks are programs."""

    def seconds(count):
        start = time.perf_counter()
        subprocess.run(["parallel", "-N0", "-j", str(WORKERS), "true"], input="x\n" * count, text=True, check=True)
        return time.perf_counter() - start

    yield "first_result_s", seconds(1)
    yield "noop_per_s", 500 / seconds(500)


def with_run(context):
    """The figures of a system that runs Python functions."""
    with context() as run:
        yield from figures(run) if run else ()


# Name: its figures; what must be there, a module or a program; the words before `python`, those after it.
SYSTEMS = {
    "mpi4py": (lambda: with_run(by_hand), "mpi4py", ["mpirun", "-n", "3"], []),
    "mpi4py-2": (lambda: with_run(by_hand), "mpi4py", ["mpirun", "-n", "2"], []),
    "mpi4py.futures": (lambda: with_run(mpi_futures), "mpi4py", ["mpirun", "-n", "3"], ["-m", "mpi4py.futures"]),
    "multiprocessing": (lambda: with_run(multiprocessing_pool), "multiprocessing", [], []),
    "concurrent": (lambda: with_run(process_pool), "concurrent", [], []),
    "divisi": (lambda: with_run(divisi_pool), "cloudpickle", [], []),
    "divisi-journal": (lambda: with_run(lambda: divisi_pool(tempfile.mkdtemp())), "cloudpickle", [], []),
    "joblib": (lambda: with_run(joblib_parallel), "joblib", [], []),
    "ipyparallel": (lambda: with_run(ipython_engines), "ipyparallel", [], []),
    "executorlib": (lambda: with_run(executorlib_node), "executorlib", [], []),
    "dask": (lambda: with_run(dask), "distributed", [], []),
    "ray": (lambda: with_run(ray_tasks), "ray", [], []),
    "hyperqueue": (hyperqueue, "hyperqueue", [], []),
    "parallel": (parallel, "parallel", [], []),
}


# ------------------------------------------------------------------------------------------------------------- running


def missing(name):
    """What a system lacks here, if anything."""
    _, needed, before, _ = SYSTEMS[name]
    if name == "parallel":
        return None if shutil.which("parallel") else "GNU parallel"
    if before and not shutil.which(before[0]):
        return before[0]
    return None if importlib.util.find_spec(needed) else needed


def measure(name):
    """Runs this file in a process of its own for one system, and returns why that failed, if it did.

    What the system leaves behind, files and processes, is removed.
    """
    _, _, before, after = SYSTEMS[name]
    command = [*before, sys.executable, *after, os.path.abspath(__file__), "--here", name]
    with tempfile.TemporaryDirectory(prefix="peers", ignore_cleanup_errors=True) as folder:
        own = {"SWEEP_PEERS_START": str(time.time()), "TMPDIR": folder, "OMPI_MCA_rmaps_base_oversubscribe": "1"}
        process = subprocess.Popen(
            command, env={**os.environ, **own}, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        try:
            _, said = process.communicate(timeout=LIMIT)
            last = (said.strip().splitlines() or ["it said nothing"])[-1]
            reason = f"status {process.returncode}: {last}" if process.returncode else None
        except subprocess.TimeoutExpired:
            reason = f"not done after {LIMIT} s"
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return reason


def main(words):
    if words[:1] == ["--here"]:
        return show(words[1], SYSTEMS[words[1]][0]())
    unknown = [name for name in words if name not in SYSTEMS]
    if unknown:
        sys.exit(f"sweep_peers: no system {unknown[0]}; there are {', '.join(SYSTEMS)}")
    for name in words or SYSTEMS:
        lack = missing(name)
        reason = f"{lack} is not installed" if lack else measure(name)
        if reason:
            print(f"sweep_peers: {name} skipped: {reason}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
