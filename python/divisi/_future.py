"""The result of a call of a pool, now or later; values that all ranks have."""

from __future__ import annotations

import concurrent.futures
import pickle
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ._errors import NoPython, PoolError, RemoteTraceback, ResultError, TimedOut, WorkerDied
from ._worker import input_of, load, value_of

if TYPE_CHECKING:
    from ._pool import Pool

# How a call came out, as src/serve/call.rs numbers it.
_VALUE, _RAISED, _DIED, _TIMED_OUT, _CANCELLED, _NO_PYTHON, _REFUSED = range(1, 8)
_OF_TAGS: dict[int, type[PoolError]] = {_DIED: WorkerDied, _TIMED_OUT: TimedOut, _NO_PYTHON: NoPython, _REFUSED: PoolError}


class _Packing(threading.local):
    """While arguments are pickled: for which pool, and the futures that were met."""

    pool: Pool | None = None
    met: list[Future] = []


packing = _Packing()


class _Bytes:
    """A result that nobody has looked at."""

    __slots__ = ("body",)

    def __init__(self, body: Any) -> None:
        self.body = body


class Future(concurrent.futures.Future[Any]):
    """As `concurrent.futures.Future`, and an argument of other calls, which get its result. A lazy one runs when it is first asked for.

    `cancel` ends the call even if it runs.
    """

    def __init__(self, pool: Pool, number: int, is_lazy: bool = False) -> None:
        super().__init__()
        self._pool, self._number, self._is_lazy = pool, number, is_lazy

    def result(self, timeout: float | None = None) -> Any:
        self.want()
        value = super().result(timeout)
        if type(value) is _Bytes:
            value = self._result = load(memoryview(value.body))[1]
        return value

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self.want()
        return super().exception(timeout)

    def cancel(self) -> bool:
        if not super().cancel():
            return False
        self.set_running_or_notify_cancel()
        self._pool._cancel([self])
        return True

    def want(self) -> None:
        """Has a lazy call run."""
        if self._is_lazy:
            self._is_lazy = False
            self._pool._want(self)

    def __reduce__(self) -> Any:
        if packing.pool is None:
            raise TypeError("a future can be pickled as an argument of a call only")
        if packing.pool is not self._pool:
            return _same, (self.result(),)
        # Where pickle fails cloudpickle begins anew.
        places = [place for place, one in enumerate(packing.met) if one is self]
        if not places:
            places = [len(packing.met)]
            packing.met.append(self)
        return input_of, (places[0],)

    def __del__(self) -> None:
        # Until now ranks have kept the result, for calls that it is an argument of.
        self._pool._dropped.append(self._number)

    def _settle(self, tag: int, body: Any) -> None:
        """Takes in what came of the call."""
        if self.cancelled():
            return
        try:
            if tag == _VALUE:
                self.set_result(_Bytes(body))
            elif tag == _CANCELLED and super().cancel():
                self.set_running_or_notify_cancel()
            else:
                self.set_exception(raised(tag, body))
        except concurrent.futures.InvalidStateError:
            # It was cancelled here before it ended there.
            pass


def _same(value: Any) -> Any:
    return value


def raised(tag: int, body: Any) -> BaseException:
    """The exception that came of a call; of one that was raised there, the traceback there is the cause."""
    if tag != _RAISED:
        return _OF_TAGS.get(tag, WorkerDied)(bytes(body).decode(errors="replace"))
    kind, code, name, message, text = pickle.loads(body)
    if kind == "unpicklable":
        error: BaseException = ResultError(f"the result cannot be pickled: {name}: {message}")
    else:
        try:
            error = pickle.loads(code) if code is not None else PoolError(f"{name}: {message}")
        except Exception:
            # Its class cannot be found here.
            error = PoolError(f"{name}: {message}")
    error.__cause__ = RemoteTraceback(text)
    return error


class Shared:
    """A value that all ranks of a pool have: a call gets the value where this is an argument."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> Any:
        return value_of, (self.name,)

    def __repr__(self) -> str:
        return f"<Shared {self.name}>"


def _all_wanted(futures: Iterable[concurrent.futures.Future[Any]]) -> list[concurrent.futures.Future[Any]]:
    every = list(futures)
    for future in every:
        if isinstance(future, Future):
            future.want()
    return every


def wait(futures: Iterable[Any], timeout: float | None = None, return_when: str = concurrent.futures.ALL_COMPLETED) -> Any:
    """As `concurrent.futures.wait`; lazy calls run."""
    return concurrent.futures.wait(_all_wanted(futures), timeout, return_when)


def as_completed(futures: Iterable[Any], timeout: float | None = None) -> Iterator[Any]:
    """As `concurrent.futures.as_completed`; lazy calls run."""
    return concurrent.futures.as_completed(_all_wanted(futures), timeout)
