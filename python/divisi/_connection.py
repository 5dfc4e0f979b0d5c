"""The client's end of a pool's socket: how it is found and entered, what is sent, what comes back.

Short frames wait a moment for one another and are sent by a thread; long ones are sent by who submits them, so that what it does to its
arrays afterwards changes nothing. Another thread takes in what comes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ._errors import PoolBroken, PoolError
from ._worker import HEAD

KEY_FILE = "pool.json"
GREETING = b"divisi 1"
BYTES = 32
SUBMIT, FUNCTION, VALUE, CANCEL, WANT, RELEASE, STATE, END = range(1, 9)
DONE, TOLD_STATE, BYE = 101, 102, 103
# Bytes of a frame from which on it is sent at once.
LONG = 1 << 16
# Bytes that may wait to be sent, before who submits more waits too.
WAITING = 1 << 26
# Seconds after which a short frame is sent by who submits it: the thread takes longer to wake up.
QUIET = 3e-4
CONNECTING = 10.0


def stamp_of(folder: Path) -> tuple[int, int] | None:
    """What tells one key file of a folder from the next."""
    try:
        about = (folder / KEY_FILE).stat()
    except OSError:
        return None
    return about.st_ino, about.st_mtime_ns


def connect(folder: Path) -> socket.socket:
    """A socket of the pool in a folder, after both ends have proved that they know its key."""
    try:
        told = json.loads((folder / KEY_FILE).read_text())
    except FileNotFoundError:
        raise PoolError(f"no pool is at work in {folder}: there is no {KEY_FILE}") from None
    key, reason = bytes.fromhex(told["key"]), "it has no address"
    for address in told["addresses"]:
        try:
            link = socket.create_connection((address, told["port"]), timeout=CONNECTING)
        except OSError as error:
            reason = f"{address}: {error}"
            continue
        try:
            prove(link, key)
        except (OSError, EOFError) as error:
            link.close()
            reason = f"{address}: {error or 'it closed the connection'}"
            continue
        link.settimeout(None)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return link
    raise PoolError(f"the pool of {folder} does not answer ({reason})")


def prove(link: socket.socket, key: bytes) -> None:
    """Proves to the other end that this one knows the key, and has it do so."""
    if exactly(link, len(GREETING)) != GREETING:
        raise OSError("what listens there is no pool of this version")
    theirs, ours = exactly(link, BYTES), os.urandom(BYTES)
    both = theirs + ours
    link.sendall(ours + hmac.digest(key, b"client" + both, hashlib.sha256))
    if not hmac.compare_digest(exactly(link, BYTES), hmac.digest(key, b"server" + both, hashlib.sha256)):
        raise OSError("what listens there does not know the pool's key")


def exactly(link: socket.socket, length: int) -> bytes:
    whole = b""
    while len(whole) < length:
        piece = link.recv(length - len(whole))
        if not piece:
            raise EOFError
        whole += piece
    return whole


class Connection:
    """A socket with its two threads. `take` gets what came: each frame's kind, extra number and bytes; `rest` is called after some of them;
    `lost` gets why there will be no more."""

    def __init__(
        self, link: socket.socket, take: Callable[[int, int, Any], None], rest: Callable[[], None], lost: Callable[[str], None]
    ) -> None:
        self.link = link
        self._take, self._rest, self._lost = take, rest, lost
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._wake = threading.Semaphore(0)
        self._is_awake = False
        self._last = 0.0
        self.is_closed = False
        for work in (self._send_queued, self._receive):
            threading.Thread(target=work, name="divisi pool", daemon=True).start()

    def send(self, kind: int, extra: int, parts: Iterable[Any], length: int) -> None:
        """Sends a frame: at once if it is long, or soon."""
        if self.is_closed:
            raise PoolBroken("the pool has ended")
        head = HEAD.pack(length, kind, extra)
        if length >= LONG:
            with self._writing:
                self._drain()
                self._write([head, *parts])
            return
        frame = b"".join((head, *parts))
        with self._lock:
            self._queue.append(frame)
            self._queued += len(frame)
            is_full = self._queued > WAITING
        now = time.perf_counter()
        if is_full or (now - self._last > QUIET and self._writing.acquire(blocking=False)):
            self._last = now
            if is_full:
                self._writing.acquire()
            try:
                self._drain()
            finally:
                self._writing.release()
        elif not self._is_awake:
            self._is_awake = True
            self._wake.release()

    def queue(self, kind: int, parts: Iterable[Any], length: int) -> None:
        """Has a short frame sent, without waiting for anything: what the receiving thread may do."""
        with self._lock:
            self._queue.append(b"".join((HEAD.pack(length, kind, 0), *parts)))
        if not self._is_awake:
            self._is_awake = True
            self._wake.release()

    def close(self) -> None:
        self.is_closed = True
        self._is_awake = True
        self._wake.release()
        try:
            self.link.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _drain(self) -> None:
        """Sends what waits; the lock on writing is held."""
        with self._lock:
            frames, self._queue, self._queued = self._queue, deque(), 0
        if frames:
            self._write([b"".join(frames)])

    def _write(self, parts: list[Any]) -> None:
        try:
            for part in parts:
                self.link.sendall(part)
        except OSError:
            # The receiving thread tells why.
            self.is_closed = True

    def _send_queued(self) -> None:
        while not self.is_closed:
            self._wake.acquire()
            self._is_awake = False
            with self._writing:
                self._drain()
            self._last = time.perf_counter()

    def _receive(self) -> None:
        reason = "its process has ended"
        try:
            for kind, extra, body in self._frames():
                if kind == BYE:
                    reason = bytes(body).decode(errors="replace")
                    break
                self._take(kind, extra, body)
        except OSError as error:
            reason = str(error)
        self.is_closed = True
        self._wake.release()
        self.link.close()
        self._lost(reason)

    def _frames(self) -> Any:
        buffer = bytearray(1 << 18)
        view = memoryview(buffer)
        start = end = 0
        while True:
            if end - start < HEAD.size or end == len(buffer):
                buffer[: end - start] = bytes(view[start:end])
                start, end = 0, end - start
            count = self.link.recv_into(view[end:])
            if not count:
                return
            end += count
            while end - start >= HEAD.size:
                length, kind, extra = HEAD.unpack_from(buffer, start)
                first = start + HEAD.size
                if first + length <= end:
                    yield kind, extra, bytes(view[first : first + length])
                    start = first + length
                elif first + length > len(buffer):
                    yield kind, extra, self._long(view[first:end], length)
                    start = end = 0
                else:
                    break
            self._rest()

    def _long(self, begun: memoryview, length: int) -> bytearray:
        """The bytes of a frame that is longer than the buffer, of which some have come."""
        body = bytearray(length)
        whole = memoryview(body)
        at = len(begun)
        whole[:at] = begun
        while at < length:
            count = self.link.recv_into(whole[at:])
            if not count:
                raise OSError("its process has ended")
            at += count
        return body
