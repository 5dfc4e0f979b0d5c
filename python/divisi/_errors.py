"""What can go wrong, as exceptions and warnings."""

from __future__ import annotations

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
