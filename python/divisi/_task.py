"""What a function knows while a pool's rank calls it, and functions that know how they are to be called."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._future import Future
    from ._pool import Pool


class Within:
    """The pools that are at work, the newest last."""

    pools: list[Pool] = []

    @classmethod
    def pool(cls) -> Pool:
        if not cls.pools:
            raise RuntimeError("there is no pool: with divisi.Pool(ranks=4): ..")
        return cls.pools[-1]


class Task:
    """The call under way. `number`: of its task, `attempt`: from 1, `rank`: where it runs, `seed`: its own, on any rank the same."""

    def __init__(self, number: int, attempt: int, rank: int, seed: int) -> None:
        self.number, self.attempt, self.rank, self.seed = number, attempt, rank, seed

    @property
    def random(self) -> Any:
        """A generator of numpy that is this call's alone: the same in each attempt, and on any number of ranks."""
        import numpy as np

        return np.random.default_rng(self.seed)


def _worker() -> Any:
    worker = getattr(sys.modules.get("_divisi_worker"), "worker", None)
    if worker is None:
        raise RuntimeError("this is not a rank of a pool: only what a pool calls can ask")
    return worker


def this_task() -> Task:
    """The call under way, from within."""
    worker = _worker()
    return Task(worker.task, worker.attempt, worker.rank, worker.seed)


def value(name: str) -> Any:
    """A value that was pushed or scattered to this rank, or kept on it."""
    return _worker().value(name)


def keep(name: str, value: Any) -> None:
    """Keeps a value on this rank, for later calls there and for `Pool.pull`."""
    _worker().keep(name, value)


class TaskFunction:
    """A function with settings for its calls in a pool: see `task`. Called plainly it runs here."""

    def __init__(self, function: Callable[..., Any], settings: dict[str, Any]) -> None:
        functools.update_wrapper(self, function)
        self.function, self.settings = function, settings

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def submit(self, *args: Any, **kwargs: Any) -> Future:
        """Has the newest pool call it."""
        return Within.pool().submit(self, *args, **kwargs)

    def lazy(self, *args: Any, **kwargs: Any) -> Future:
        """A call in the newest pool that runs if it is asked for."""
        return Within.pool().lazy(self, *args, **kwargs)

    def map(self, *iterables: Iterable[Any], chunksize: int = 1) -> Iterator[Any]:
        """Its results for all arguments, by the newest pool."""
        return Within.pool().map(self, *iterables, chunksize=chunksize)


def task(function: Callable[..., Any] | None = None, /, **settings: Any) -> Any:
    """Makes a function one with `.submit`, `.lazy` and `.map`, with the settings of `Pool.options`: `@divisi.task(retries=3)`."""
    unknown = set(settings) - {"retries", "time_limit", "priority", "rank", "cache"}
    if unknown:
        raise TypeError(f"a task has no setting {', '.join(sorted(unknown))}")
    if function is None:
        return lambda function: TaskFunction(function, settings)
    return TaskFunction(function, settings)
