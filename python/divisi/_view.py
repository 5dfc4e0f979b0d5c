"""Calls into a pool, with settings: what `Pool` and `Pool.options` have in common."""

from __future__ import annotations

import concurrent.futures
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ._future import Future
from ._task import TaskFunction
from ._worker import BATCH

if TYPE_CHECKING:
    from ._pool import Pool


@dataclass(frozen=True)
class Settings:
    """How calls are run."""

    retries: int = 0
    time_limit: float | None = None
    priority: int = 0
    rank: int | None = None
    cache: bool = False


class View(concurrent.futures.Executor):
    """A pool with settings of its own for the calls that are submitted here; see `Pool.options`."""

    _pool: Pool
    _settings: Settings

    def options(
        self,
        *,
        retries: int | None = None,
        time_limit: float | None = None,
        priority: int | None = None,
        rank: int | None = None,
        cache: bool | None = None,
    ) -> View:
        """The same pool with other settings for calls.

        `retries`: attempts after a first one that raised or ran beyond its limit. `time_limit`: seconds that an attempt may take; then its
        process is ended. `priority`: higher ones run first. `rank`: the only one that may run them. `cache`: calls of the same function with
        the same arguments run once, and with a journal once for ever.
        """
        view = View()
        view._pool = self._pool
        given: dict[str, Any] = {"retries": retries, "time_limit": time_limit, "priority": priority, "rank": rank, "cache": cache}
        view._settings = replace(self._settings, **{name: one for name, one in given.items() if one is not None})
        return view

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        """Has a function called on a rank; its result, later. Futures among the arguments become their results before it is called."""
        return self._pool._submit(*self._of(fn), (args, kwargs), 0, False)

    def lazy(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        """A call that runs only if its result is asked for, or that of a call which it is an argument of: then once."""
        return self._pool._submit(*self._of(fn), (args, kwargs), 0, True)

    def map(
        self, fn: Callable[..., Any], /, *iterables: Iterable[Any], timeout: float | None = None, chunksize: int = 1
    ) -> Iterator[Any]:
        """The results for all arguments, in order, as they come. `chunksize` of them are one call: more than one pays for calls of less than
        a millisecond; those of a chunk are tried again, and fail, together."""
        if chunksize < 1:
            raise ValueError("chunksize is at least 1")
        until = None if timeout is None else time.monotonic() + timeout
        groups = iter(zip(*iterables, strict=False))
        chunks = iter(lambda: list(itertools.islice(groups, chunksize)), [])
        submit, of = self._pool._submit, self._of(fn)
        if chunksize == 1:
            futures = [submit(*of, (chunk[0], {}), 0, False) for chunk in chunks]
        else:
            futures = [submit(*of, chunk, BATCH, False) for chunk in chunks]
        return _results(futures, until, chunksize > 1)

    def _of(self, fn: Callable[..., Any]) -> tuple[int, Settings]:
        """The number of a function, which ranks have from here on, and the settings of its calls."""
        if self._pool._is_shut:
            raise RuntimeError("cannot submit a call: this pool was shut down")
        if isinstance(fn, TaskFunction):
            return self._pool._functions.number(fn.function), replace(self._settings, **fn.settings)
        return self._pool._functions.number(fn), self._settings

    def apply(self, fn: Callable[..., Any], /, *args: Any, ranks: Sequence[int] | None = None, **kwargs: Any) -> list[Any]:
        """Has every rank, or chosen ones, call a function once; the results in the order of the ranks."""
        chosen = self._pool.ranks if ranks is None else ranks
        futures = [self.options(rank=rank).submit(fn, *args, **kwargs) for rank in chosen]
        return [future.result() for future in futures]


def _results(futures: list[Future], until: float | None, is_chunked: bool) -> Iterator[Any]:
    left = deque(futures)
    try:
        while left:
            value = left.popleft().result(None if until is None else until - time.monotonic())
            if is_chunked:
                yield from value
            else:
                yield value
    finally:
        for future in left:
            future.cancel()
