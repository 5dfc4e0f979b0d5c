"""Python functions on all ranks of an MPI job: `divisi.Pool`.

A pool is a `concurrent.futures.Executor`. Its ranks are a job of the program (`divisi serve`); what is sent there goes through a socket
(`_connection`). The program shares calls out, tries them again, survives deaths and keeps the journal; this is the client.
"""

from __future__ import annotations

import concurrent.futures
import itertools
import os
import secrets
import struct
import sys
import threading
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import _worker
from ._connection import CANCEL, DONE, END, FUNCTION, LONG, RELEASE, STATE, SUBMIT, TOLD_STATE, VALUE, WANT, Connection, connect
from ._errors import PoolBroken
from ._functions import Functions
from ._future import Future, Shared, packing
from ._ranks import Ranks
from ._task import Within, value
from ._view import Settings, View
from ._worker import dump

_SUBMIT = struct.Struct("<QQQdIiiIQ")
_LAZY, _CACHED = 1, 2
_STATED = ("calls", "done", "failed", "cancelled", "running", "recovered", "retries", "deaths")

# Under this name ranks have what arguments are made of.
sys.modules.setdefault("_divisi_worker", _worker)


class Pool(View):
    """Ranks that call Python functions, as many as `ranks` says (as many as there are cores, within a Slurm job as it has tasks).

    `journal`: a folder that keeps results: a call that has returned, in this or an earlier pool of the folder, doesn't run again, whatever
    has ended it; calls are known by their function's code and their arguments. `retries`, `time_limit`, `priority` and `cache` go for all
    calls, as in `options`. `seed`: of the calls' random numbers (`divisi.this_task`). `memory`: bytes that a rank's process may use.
    `launcher`: what starts the ranks (mpirun, within a Slurm job srun). `python`: the Python of the ranks.
    """

    def __init__(
        self,
        ranks: int | None = None,
        *,
        journal: str | os.PathLike[str] | None = None,
        retries: int = 0,
        time_limit: float | None = None,
        priority: int = 0,
        cache: bool = False,
        seed: int = 1,
        memory: int | None = None,
        launcher: str | Sequence[str] | None = None,
        python: str | None = None,
    ) -> None:
        settings = Settings(retries, time_limit, priority, None, cache)
        self._enter(Ranks.start(ranks, journal, memory, launcher, python), settings, seed)

    @classmethod
    def attach(cls, run: str | os.PathLike[str], *, seed: int = 1) -> Pool:
        """Joins a pool that is at work in a folder, as `srun divisi serve FOLDER --stay --journal` in a Slurm job. It stays when this one
        goes; `stop` ends it."""
        pool = cls.__new__(cls)
        pool._enter(Ranks(Path(run)), Settings(), seed)
        return pool

    def _enter(self, ranks: Ranks, settings: Settings, seed: int) -> None:
        self._pool, self._settings, self._ranks, self.seed = self, settings, ranks, seed
        self._lock = threading.RLock()
        self._numbers = itertools.count()
        self._futures: dict[int, Future] = {}
        # Calls that run only when they are asked for: nobody may ever do so.
        self._lazy: weakref.WeakValueDictionary[int, Future] = weakref.WeakValueDictionary()
        # Calls whose futures nobody has any more.
        self._dropped: deque[int] = deque()
        self._cached: dict[tuple[int, tuple[int, ...], bytes], Future] = {}
        self._asked: deque[concurrent.futures.Future[list[int]]] = deque()
        self._values = itertools.count()
        self._name = secrets.token_hex(4)
        self._is_shut = False
        self._reason = ""
        try:
            link = connect(ranks.folder)
        except BaseException:
            ranks.kill()
            raise
        self._connection = Connection(link, self._take, self._rest, self._lost)
        self._functions = Functions(self._send_function)
        Within.pools.append(self)

    # What there is

    @property
    def path(self) -> Path:
        """The folder of the pool."""
        return self._ranks.folder

    @property
    def ranks(self) -> list[int]:
        """The ranks that take calls now."""
        return self._state()[len(_STATED) :]

    @property
    def counts(self) -> dict[str, int]:
        """What was counted: calls, done, recovered from the journal, ranks that died .."""
        return dict(zip(_STATED, self._state(), strict=False))

    @property
    def size(self) -> int:
        """How many ranks take calls: what samplers ask a pool for."""
        return len(self.ranks)

    _max_workers = size

    def __repr__(self) -> str:
        return f"<divisi.Pool {self.path}: {'at an end' if self._is_shut or self._connection.is_closed else 'at work'}>"

    # Values on ranks

    def put(self, value: Any) -> Shared:
        """Sends a value to all ranks, once; calls get it where what this returns is among their arguments."""
        name = f"#{self._name}.{next(self._values)}"
        self._send_value(name, value, ())
        return Shared(name)

    def push(self, values: Mapping[str, Any], ranks: Sequence[int] | None = None) -> None:
        """Sends values to ranks, which keep them by name: `divisi.value(name)` there."""
        for name, one in values.items():
            self._send_value(_named(name), one, ranks or ())

    def pull(self, name: str, ranks: Sequence[int] | None = None) -> list[Any]:
        """The values that ranks keep under a name, in the order of the ranks."""
        return self.apply(value, name, ranks=ranks)

    def scatter(self, name: str, values: Any) -> None:
        """Splits a list or an array over the ranks, in order and as evenly as can be; each keeps its part under a name."""
        ranks = self.ranks
        for place, rank in enumerate(ranks):
            first, last = (len(values) * edge // len(ranks) for edge in (place, place + 1))
            self._send_value(_named(name), values[first:last], (rank,))

    def gather(self, name: str) -> Any:
        """What ranks keep under a name, one after another: undoes `scatter`."""
        parts = self.pull(name)
        if all(hasattr(part, "__array__") for part in parts):
            import numpy as np

            return np.concatenate(parts)
        return [one for part in parts for one in part]

    # The end

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the pool when its calls have ended, or at once; one that was joined by `attach` stays for others."""
        with self._lock:
            if self._is_shut:
                return
            self._is_shut = True
            open_calls = [future for future in self._futures.values() if not future.done()]
            lazy = list(self._lazy.values())
        for future in [*lazy, *(open_calls if cancel_futures else ())]:
            future.cancel()
        if wait:
            concurrent.futures.wait(open_calls)
        if self in Within.pools:
            Within.pools.remove(self)
        if self._ranks.is_own:
            self._end()
        elif wait:
            self._connection.close()
        if wait:
            self._ranks.wait()
            self._connection.close()

    def stop(self) -> None:
        """Ends the pool for all its clients, when its calls have ended."""
        self._end()
        self.shutdown()

    def _end(self) -> None:
        try:
            self._connection.send(END, 0, (), 0)
        except PoolBroken:
            pass

    def __exit__(self, kind: Any, error: Any, frames: Any) -> None:
        self.shutdown(cancel_futures=kind is not None)

    # To ranks

    def _submit(self, function: int, settings: Settings, arguments: Any, flags: int, is_lazy: bool) -> Future:
        met: list[Future] = []
        packing.pool, packing.met = self, met
        try:
            parts = dump(arguments, flags)
        finally:
            packing.pool, packing.met = None, []
        return self._enter_call(function, parts, met, settings, is_lazy)

    def _enter_call(
        self, function: int, parts: list[Any], met: list[Future], settings: Settings, is_lazy: bool
    ) -> Future:
        """Sends a call; `met` are the futures among its arguments."""
        limit, rank = settings.time_limit or 0.0, -1 if settings.rank is None else settings.rank
        length = _SUBMIT.size + 8 * len(met) + sum(map(len, parts))
        key = (function, tuple(one._number for one in met), b"".join(parts)) if settings.cache else None
        with self._lock:
            if self._reason:
                raise PoolBroken(self._reason)
            known = None if key is None else self._cached.get(key)
            if known is not None and not (known.done() and (known.cancelled() or known.exception() is not None)):
                return known
            number = next(self._numbers)
            future = Future(self, number, is_lazy)
            if is_lazy:
                self._lazy[number] = future
            else:
                self._futures[number] = future
            if key is not None:
                self._cached[key] = future
            how = _LAZY * is_lazy | _CACHED * settings.cache
            seed = _seed(self.seed, number)
            head = _SUBMIT.pack(number, function, seed, limit, settings.retries, settings.priority, rank, how, len(met))
            if met:
                head += struct.pack(f"<{len(met)}Q", *(one._number for one in met))
            if met or length < LONG:
                self._connection.send(SUBMIT, 0, (head, *parts), length)
                return future
        # Long ones that need no other are sent here: that may take a while.
        self._connection.send(SUBMIT, 0, (head, *parts), length)
        return future

    def _send_function(self, number: int, key: bytes, code: bytes) -> None:
        self._connection.send(FUNCTION, 0, (struct.pack("<Q", number), key, code), 24 + len(code))

    def _send_value(self, name: str, value: Any, ranks: Sequence[int]) -> None:
        known = self.ranks if ranks else []
        for rank in ranks:
            if rank not in known:
                raise ValueError(f"rank {rank} takes no calls; these do: {known}")
        text, parts = name.encode(), dump(value)
        head = struct.pack(f"<{len(ranks)}QQ", *ranks, len(text)) + text
        self._connection.send(VALUE, len(ranks), (head, *parts), len(head) + sum(map(len, parts)))

    def _cancel(self, futures: list[Future]) -> None:
        self._tell(CANCEL, futures)

    def _want(self, future: Future) -> None:
        with self._lock:
            if self._lazy.pop(future._number, None) is None:
                return
            self._futures[future._number] = future
        self._tell(WANT, [future])

    def _tell(self, kind: int, futures: list[Future]) -> None:
        numbers = struct.pack(f"<{len(futures)}Q", *(future._number for future in futures))
        self._connection.queue(kind, (numbers,), len(numbers))

    def _state(self) -> list[int]:
        asked: concurrent.futures.Future[list[int]] = concurrent.futures.Future()
        with self._lock:
            if self._reason:
                raise PoolBroken(self._reason)
            self._asked.append(asked)
            self._connection.queue(STATE, (), 0)
        return asked.result(60)

    # From ranks: on the receiving thread

    def _take(self, kind: int, extra: int, body: Any) -> None:
        if kind == DONE:
            (number,) = struct.unpack_from("<Q", body)
            with self._lock:
                future = self._futures.pop(number, None) or self._lazy.pop(number, None)
            if future is not None:
                future._settle(extra, memoryview(body)[8:])
        elif kind == TOLD_STATE:
            self._asked.popleft().set_result(list(struct.unpack(f"<{len(body) // 8}Q", body)))

    def _rest(self) -> None:
        numbers = [self._dropped.popleft() for _ in range(len(self._dropped))]
        if numbers:
            self._connection.queue(RELEASE, (struct.pack(f"<{len(numbers)}Q", *numbers),), 8 * len(numbers))

    def _lost(self, reason: str) -> None:
        told = self._ranks.why(reason)
        with self._lock:
            self._reason = told
            left, self._futures = [*self._futures.values(), *self._lazy.values()], {}
        for future in left:
            if not future.done():
                future.set_exception(PoolBroken(told))
        for asked in self._asked:
            asked.set_exception(PoolBroken(told))
        if self in Within.pools:
            Within.pools.remove(self)


def _named(name: str) -> str:
    if not name or name[0] == "#" or (name[0] == "f" and name[1:].isdigit()):
        raise ValueError(f"{name!r} is no name for a value: such names are the pool's own")
    return name


def _seed(seed: int, number: int) -> int:
    """The seed of a call, by splitmix64 of the pool's and its number: the same on any number of ranks."""
    mask = (1 << 64) - 1
    mixed = (seed * 0x9E3779B97F4A7C15 + (number + 1) * 0xBF58476D1CE4E5B9) & mask
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & mask
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
    return mixed ^ (mixed >> 31)
