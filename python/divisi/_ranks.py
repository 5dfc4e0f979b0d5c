"""The job whose ranks a pool is: started here, or joined."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from ._connection import stamp_of
from ._errors import PoolError
from ._job import message_in
from ._program import environment, find_program, launcher

_BETWEEN_LOOKS = 0.005
_STARTING = 120.0
# Seconds that ranks may take to end once they were told to.
_ENDING = 30.0


class Ranks:
    """A pool's job. `folder`: where its key file is; `is_own`: whether it was started here, and ends with this process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.is_own = folder, False
        self._process: subprocess.Popen[bytes] | None = None
        self._temporary: str | None = None
        self._output: deque[str] = deque(maxlen=200)
        self._reader: threading.Thread | None = None

    @classmethod
    def start(
        cls,
        count: int | None,
        journal: str | os.PathLike[str] | None,
        memory: int | None,
        by: str | Sequence[str] | None,
        python: str | None,
    ) -> Ranks:
        """Starts the ranks, and returns when they can be joined."""
        count = count if count is not None else int(os.environ.get("SLURM_NTASKS", os.cpu_count() or 1))
        if count < 1:
            raise ValueError(f"ranks is {count}: a pool has at least one")
        temporary = tempfile.mkdtemp(prefix="divisi-pool-") if journal is None else None
        ranks = cls(Path(temporary if temporary is not None else os.fspath(journal or "")))
        ranks.is_own, ranks._temporary = True, temporary
        starts = launcher(count, by)
        command = [*starts, str(find_program()), "serve", str(ranks.folder), "--python", python or sys.executable]
        command += ["--journal"] * (journal is not None)
        variables = environment(count)
        if starts and Path(starts[0]).name in ("mpirun", "mpiexec", "orterun"):
            # The other ranks go on when one is killed, where it is Open MPI 4's. A rank without a launcher must not take its parent for one.
            variables.setdefault("OMPI_MCA_orte_enable_recovery", "1")
        if memory is not None:
            variables["DIVISI_MEMORY"] = str(int(memory))
        before = stamp_of(ranks.folder)
        ranks._process = subprocess.Popen(
            command, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
        ranks._reader = threading.Thread(target=ranks._pass_on, name="divisi pool output", daemon=True)
        ranks._reader.start()
        atexit.register(_end, weakref.ref(ranks))
        began = time.monotonic()
        while stamp_of(ranks.folder) in (None, before):
            if ranks._process.poll() is not None or time.monotonic() - began > _STARTING:
                ranks.kill()
                status = ranks._process.returncode
                raise PoolError(message_in(ranks.output, status), status if status > 0 else 128 - status, ranks.output)
            time.sleep(_BETWEEN_LOOKS)
        return ranks

    @property
    def output(self) -> str:
        """The last lines that ranks have printed."""
        return "".join(self._output)

    def _pass_on(self) -> None:
        """What ranks print is shown here, in a notebook too."""
        assert self._process is not None and self._process.stdout is not None
        for line in self._process.stdout:
            text = line.decode(errors="replace")
            self._output.append(text)
            try:
                sys.stdout.write(text)
                sys.stdout.flush()
            except (ValueError, OSError):
                # Nobody looks any more.
                pass

    def why(self, reason: str) -> str:
        """Why the pool has ended, with what its job said."""
        if self._process is None:
            return f"the pool of {self.folder} has ended: {reason}"
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            pass
        if self._reader is not None:
            self._reader.join(1)
        status = self._process.returncode
        said = message_in(self.output, status or 0) if self.output or status else reason
        return f"the pool has ended: {said}"

    def wait(self) -> None:
        """Waits for the end of the job, which was told to end; one that doesn't is killed."""
        if self._process is not None:
            try:
                self._process.wait(_ENDING)
            except subprocess.TimeoutExpired:
                self.kill()
            if self._reader is not None:
                self._reader.join(1)
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def kill(self) -> None:
        """Ends the job at once."""
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
        if self._reader is not None:
            self._reader.join(1)


def _end(ranks: weakref.ref[Ranks]) -> None:
    """At the end of this process: ranks end by themselves when its socket does."""
    still = ranks()
    if still is not None and still._temporary is not None:
        shutil.rmtree(still._temporary, ignore_errors=True)
