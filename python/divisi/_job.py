"""A run at work, started from Python: how far it is, stopping it, its end.

Its messages go into a file and not into a pipe, so that it goes on when Python ends.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ._errors import Error, Interrupted, Unfinished
from ._optional import has
from ._run import Run

_BETWEEN_LOOKS = 0.1
_DONE, _TASKS_FAILED, _GOAL_MISSED, _STOPPED = 0, 3, 4, 85
# Lines of launchers around the program's message.
_OF_LAUNCHERS = re.compile(r"-{5}|={5}|mpirun|mpiexec|\[|srun:|slurmstepd:|MPI_ABORT|Primary job|application called MPI_Abort|$")
_LEFT = re.compile(r"left (?:(\d+) h )?(?:(\d+) min ?)?(?:(\d+) s)?\s*$")
_TASKS = re.compile(r"(\d+) of (\d+) done, (\d+) failed")


class Job:
    """A run at work. `path`: the folder that it writes."""

    def __init__(self, command: Sequence[str], path: Path, variables: dict[str, str], progress: bool) -> None:
        self.command = list(command)
        self.path = path
        self._asked_to_stop = False
        self._progress = progress
        self._began = time.monotonic()
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the job)
        self._process = subprocess.Popen(
            self.command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=self._messages,
            stderr=subprocess.STDOUT,
            # Ctrl-C goes to Python alone, which stops the ranks in the way that keeps their state.
            start_new_session=True,
        )

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def output(self) -> str:
        """All that it has printed so far."""
        return os.pread(self._messages.fileno(), 1 << 26, 0).decode(errors="replace")

    def wait(self) -> Run:
        """Waits for its end and opens its folder, showing meanwhile how far it is.

        Raises `Error` with the program's message where it failed, and `Interrupted` after Ctrl-C, when it has stopped. Warns
        (`Unfinished`) of a run that isn't at its end, missed its goal or has failed tasks.
        """
        with _Bar(self._progress) as bar:
            try:
                while self.is_running:
                    bar.show(self.output if bar.is_shown else "", time.monotonic() - self._began)
                    time.sleep(_BETWEEN_LOOKS)
            except KeyboardInterrupt:
                self._interrupted()
        return self._ended()

    def stop(self) -> None:
        """Asks it to stop: it writes a checkpoint, or its journal, and `divisi.resume` goes on from there."""
        self._asked_to_stop = True
        # The signal that every launcher passes on.
        self._signal(signal.SIGUSR1)

    def kill(self) -> None:
        """Ends it at once; what it did since its newest checkpoint is lost."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()

    def _signal(self, which: signal.Signals) -> None:
        if self.is_running:
            self._process.send_signal(which)

    def _interrupted(self) -> None:
        """Stops it, and waits until it has; a second Ctrl-C kills it."""
        self.stop()
        try:
            self._process.wait()
        except KeyboardInterrupt:
            self.kill()
            raise Interrupted(f"killed: divisi.resume({str(self.path)!r}) goes on from its newest checkpoint", self.path) from None
        if self._process.returncode in (_DONE, _GOAL_MISSED, _TASKS_FAILED):
            raise Interrupted(f"{self.path} had just ended: divisi.open({str(self.path)!r})", self.path) from None
        if self._process.returncode != _STOPPED:
            raise Interrupted(f"{self.path} was interrupted while it started: nothing was computed", self.path) from None
        raise Interrupted(f"stopped: divisi.resume({str(self.path)!r}) goes on", self.path) from None

    def _ended(self) -> Run:
        status = self._process.returncode
        words = {
            _TASKS_FAILED: "tasks failed for good: `results` has their messages",
            _GOAL_MISSED: "it is at its end but missed its goal: resume it to a later end, or with wider limits",
            _STOPPED: f"not finished: divisi.resume({str(self.path)!r}) goes on",
        }
        if status in words:
            if not (self._asked_to_stop and status == _STOPPED):
                warnings.warn(f"{self.path}: {words[status]}", Unfinished, stacklevel=3)
        elif status != _DONE:
            output = self.output
            raise Error(message_in(output, status), status if status > 0 else 128 - status, output)
        return Run(self.path)

    def __repr__(self) -> str:
        state = "at work" if self.is_running else f"ended with status {self._process.returncode}"
        return f"<Job {self.path}: {state}>"


def message_in(output: str, status: int) -> str:
    """The program's message among what it and its launcher printed."""
    lines = output.splitlines()
    for number, line in enumerate(lines):
        if line.startswith(("divisi: ", "error: ")):
            message = [line.split(": ", 1)[1]]
            for more in lines[number + 1 :]:
                if _OF_LAUNCHERS.match(more):
                    break
                message.append(more)
            return "\n".join(message)
    if status < 0:
        return f"killed by signal {-status}"
    return "\n".join(lines[-20:]).strip() or f"ended with status {status} and said nothing"


def share_done(output: str, seconds: float) -> tuple[float | None, str]:
    """How much of the work is done, where the newest message tells, and that message."""
    lines = [line for line in output.replace("\r", "\n").splitlines() if line.startswith("step ") or " done, " in line]
    if not lines:
        return None, ""
    newest = lines[-1].removeprefix("\x1b[K")
    tasks = _TASKS.search(newest)
    if tasks:
        done, all_tasks, failed = map(int, tasks.groups())
        return (done + failed) / max(all_tasks, 1), newest
    left = _LEFT.search(newest)
    if left and any(left.groups()):
        hours, minutes, rest = (int(text or 0) for text in left.groups())
        still = 3600 * hours + 60 * minutes + rest
        return seconds / max(seconds + still, 1e-9), newest
    return None, newest


class _Bar:
    """A bar of tqdm, where it is there."""

    def __init__(self, is_wanted: bool) -> None:
        self._bar: Any = None
        self._newest = ""
        if is_wanted and has("tqdm"):
            from tqdm.auto import tqdm

            form = "{l_bar}{bar}| {elapsed}{postfix}"
            self._bar = tqdm(total=100, bar_format=form, leave=False)

    @property
    def is_shown(self) -> bool:
        return self._bar is not None

    def show(self, output: str, seconds: float) -> None:
        if self._bar is None:
            return
        share, message = share_done(output, seconds)
        if message != self._newest:
            self._newest = message
            if share is not None:
                self._bar.n = round(100 * share, 1)
            self._bar.set_postfix_str(message)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
