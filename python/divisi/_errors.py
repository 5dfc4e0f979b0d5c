"""What can go wrong, as exceptions and warnings."""

from __future__ import annotations

import concurrent.futures
from pathlib import Path


class Error(Exception):
    """The program refused its input or failed; its message, as it printed it.

    `status`: its exit status (1 failed, 2 bad input, 128 and more: killed). `output`: all that it printed.
    """

    def __init__(self, message: str, status: int = 1, output: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.output = output


class Interrupted(KeyboardInterrupt):
    """A run was stopped by Ctrl-C or the notebook's stop button. `path`: its folder, with which `divisi.resume` goes on."""

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message)
        self.path = path


class Unfinished(UserWarning):
    """A run ended before its end or without its goal, or tasks of a sweep failed: what there is can be read."""


class PoolError(Error):
    """Something with a pool, or what became of a call in it."""


class PoolBroken(PoolError, concurrent.futures.BrokenExecutor):
    """The pool has ended before the call: its rank 0 was killed, its job is over. With a journal, what had returned is kept."""


class WorkerDied(PoolError):
    """The process that ran the call died, by `os._exit`, a signal or the system's lack of memory, at each attempt."""


class TimedOut(PoolError, TimeoutError):
    """The call ran beyond its time limit and was ended."""


class ResultError(PoolError):
    """The call returned what cannot be pickled."""


class NoPython(PoolError):
    """No Python process starts on a rank."""


class RemoteTraceback(Exception):
    """The traceback on the rank, as the cause of an exception that came from there."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'
