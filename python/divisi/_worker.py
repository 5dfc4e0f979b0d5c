"""The Python process of a rank: runs the calls that the rank sends through the socket at its standard input, until that is closed.

The program has this file within it and starts it as a script: it needs nothing but Python, and cloudpickle where functions came by that.
Frames are described in src/serve/frame.rs. A call's arguments, and its result, are made by `dump` and read by `load`, here and in the client.
Before a call begins the number of its task is written into a page that the rank can read. Replies to short calls are sent together.
"""

from __future__ import annotations

import mmap
import os
import pickle
import signal
import socket
import struct
import sys
import time
import traceback
import types
from collections import deque
from typing import Any, BinaryIO

CALL, VALUE, FORGET = 201, 202, 203
REPLY, ASK, KEEP = 301, 302, 303
GOOD, RAISED = 1, 2
HEAD = struct.Struct("<QII")
START = struct.Struct("<QQQIIQ")
RESULT = struct.Struct("<QQ")
SHAPE = struct.Struct("<IIQ")
BATCH = 1
# Bytes of arguments from which on they are read into memory of their own.
LONG = 1 << 16
# Replies wait for one another at most so many bytes, and so many seconds.
PLENTY, PATIENCE = 1 << 16, 2e-4
PR_SET_PDEATHSIG = 1


class Worker:
    """What the process knows. `task`, `seed`, `attempt` and `rank` are those of the call under way."""

    def __init__(self, link: socket.socket, reader: BinaryIO, page: Any) -> None:
        self.link, self.reader, self.page = link, reader, page
        self.task = self.seed = self.attempt = self.rank = 0
        self.inputs: list[memoryview] = []
        self.functions: dict[int, Any] = {}
        self.values: dict[str, Any] = {}
        self.waiting: deque[tuple[int, int, bytes]] = deque()
        self.out = bytearray()
        self.since = time.perf_counter()

    def serve(self) -> None:
        """Runs calls until there are no more."""
        while True:
            if self.waiting:
                kind, left, body = self.waiting.popleft()
            else:
                head = self.reader.read(HEAD.size)
                if len(head) < HEAD.size:
                    return
                length, kind, left = HEAD.unpack(head)
                body = self.read(length)
            if kind == CALL:
                self.run(body)
                if not left or len(self.out) > PLENTY or time.perf_counter() - self.since > PATIENCE:
                    self.flush()
            elif kind == FORGET:
                self.values = {name: value for name, value in self.values.items() if name.startswith("#")}

    def read(self, length: int) -> Any:
        if length < LONG:
            return self.reader.read(length)
        body = bytearray(length)
        at, whole = 0, memoryview(body)
        while at < length:
            count = self.reader.readinto(whole[at:])  # type: ignore[attr-defined]
            if not count:
                raise EOFError
            at += count
        return body

    def flush(self) -> None:
        if self.out:
            self.link.sendall(self.out)
            self.out = bytearray()
        self.since = time.perf_counter()

    def run(self, body: Any) -> None:
        self.task, function, self.seed, self.attempt, self.rank, inputs = START.unpack_from(body)
        self.page[0] = self.task + 1
        try:
            begin = START.size + inputs
            if inputs:
                self.inputs = list(parts_of(memoryview(body)[START.size : begin]))
            called = self.functions.get(function) or self.function(function)
            is_batch, arguments = load(memoryview(body)[begin:])
            if is_batch:
                value: Any = [called(*one) for one in arguments]
            else:
                value = called(*arguments[0], **arguments[1])
            arguments = None
        except BaseException as error:
            self.reply(RAISED, [failure("raised", error)])
            return
        try:
            parts = dump(value)
        except BaseException as error:
            self.reply(RAISED, [failure("unpicklable", error)])
            return
        self.reply(GOOD, parts)

    def reply(self, tag: int, parts: list[Any]) -> None:
        length = sum(len(part) for part in parts)
        self.out += HEAD.pack(length, REPLY, tag)
        if length < PLENTY:
            for part in parts:
                self.out += part
            return
        self.flush()
        for part in parts:
            self.link.sendall(part)

    def function(self, number: int) -> Any:
        """A function, fetched once; the first part of its bytes says where modules are."""
        code = self.fetch(f"f{number}")
        if code is None:
            raise LookupError(f"function {number} is not on this rank")
        (length,) = struct.unpack_from("<Q", code)
        for place in pickle.loads(code[8 : 8 + length]):
            if place not in sys.path:
                sys.path.append(place)
        called = self.functions[number] = pickle.loads(code[8 + length :])
        return called

    def value(self, name: str) -> Any:
        """A value that this rank keeps under a name."""
        if name not in self.values:
            code = self.fetch(name)
            if code is None:
                raise KeyError(f"rank {self.rank} has no value {name!r}")
            self.values[name] = load(memoryview(code))[1]
        return self.values[name]

    def keep(self, name: str, value: Any) -> None:
        """Keeps a value under a name, for later calls on this rank."""
        parts = [struct.pack("<Q", len(name.encode())), name.encode(), *dump(value)]
        self.out += HEAD.pack(sum(len(part) for part in parts), KEEP, 0)
        for part in parts:
            self.out += part
        self.flush()
        self.values[name] = value

    def fetch(self, name: str) -> Any:
        """Asks the rank for a value's bytes; calls that come meanwhile wait."""
        self.out += HEAD.pack(len(name.encode()), ASK, 0) + name.encode()
        self.flush()
        while True:
            length, kind, extra = HEAD.unpack(self.reader.read(HEAD.size))
            body = self.read(length)
            if kind == VALUE:
                return body if extra else None
            self.waiting.append((kind, extra, body))

    def input(self, place: int) -> Any:
        """The result of a call that this one comes after."""
        return load(self.inputs[place][RESULT.size :])[1]


def parts_of(packed: memoryview) -> Any:
    at = 0
    while at < len(packed):
        (length,) = struct.unpack_from("<Q", packed, at)
        yield packed[at + 8 : at + 8 + length]
        at += 8 + length


def load(body: memoryview) -> tuple[bool, Any]:
    """What bytes hold: whether it is a batch of calls, and the object. Arrays stay where they are."""
    count, flags, length = SHAPE.unpack_from(body)
    at = SHAPE.size + 8 * count
    if not count:
        return flags == BATCH, pickle.loads(body[at : at + length])
    if body.readonly:
        # Arrays are to be written into.
        body = memoryview(bytearray(body))
    sizes = struct.unpack_from(f"<{count}Q", body, SHAPE.size)
    data, at, buffers = body[at : at + length], at + length, []
    for size in sizes:
        at += -at % 16
        buffers.append(body[at : at + size])
        at += size
    return flags == BATCH, pickle.loads(data, buffers=buffers)


def dump(value: Any, flags: int = 0, by_value: bool = False) -> list[Any]:
    """An object as parts of bytes: a head, its pickle and its arrays as they lie in memory.

    What pickle can't do, or is to be sent `by_value`, cloudpickle does. What was defined in the main module has no name elsewhere: it goes
    by value, too.
    """
    buffers: list[pickle.PickleBuffer] = []
    data = b""
    if not by_value:
        try:
            data = pickle.dumps(value, 5, buffer_callback=buffers.append)
        except Exception:
            by_value = True
    if by_value or b"__main__" in data:
        import cloudpickle

        buffers.clear()
        data = cloudpickle.dumps(value, 5, buffer_callback=buffers.append)
    if not buffers:
        return [SHAPE.pack(0, flags, len(data)) + data]
    raw = [buffer.raw() for buffer in buffers]
    parts: list[Any] = [SHAPE.pack(len(raw), flags, len(data)) + struct.pack(f"<{len(raw)}Q", *map(len, raw)) + data]
    at = len(parts[0])
    for one in raw:
        parts += [bytes(-at % 16), one]
        at += -at % 16 + len(one)
    return parts


def failure(kind: str, error: BaseException) -> bytes:
    """What went wrong, as far as it can be sent: the exception itself, if it comes back as what it was."""
    frames = error.__traceback__
    # Without this file's own frames.
    while frames is not None and frames.tb_frame.f_globals.get("__name__") == "_divisi_worker":
        frames = frames.tb_next
    text = "".join(traceback.format_exception(type(error), error, frames or error.__traceback__))
    code = None
    try:
        # Its frames hold everything that the call has used.
        bare = error.with_traceback(None)
        code = pickle.dumps(bare, 5)
        pickle.loads(code)
    except BaseException:
        try:
            import cloudpickle

            code = cloudpickle.dumps(error, 5)
            pickle.loads(code)
        except BaseException:
            code = None
    return pickle.dumps((kind, code, type(error).__qualname__, str(error), text), 5)


def start() -> Worker:
    """Takes the socket from standard input, and has the process end with its rank."""
    descriptor = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)
    memory = os.environ.get("DIVISI_MEMORY")
    if memory:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (int(memory), int(memory)))
    number = int(os.environ.pop("DIVISI_PAGE"))
    page = memoryview(mmap.mmap(number, 8)).cast("Q")
    os.close(number)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.set_inheritable(descriptor, False)
    return Worker(socket.socket(fileno=descriptor), open(descriptor, "rb", buffering=1 << 18, closefd=False), page)


# The process's own, once it has begun.
worker: Worker | None = None


def main() -> None:
    global worker
    worker = start()
    try:
        worker.serve()
    except (EOFError, OSError):
        # The rank is gone.
        pass
    finally:
        sys.stdout.flush()
    os._exit(0)


def value_of(name: str) -> Any:
    assert worker is not None
    return worker.value(name)


def input_of(place: int) -> Any:
    assert worker is not None
    return worker.input(place)


# Where they are needed this file goes by another name than in the package.
value_of.__module__ = input_of.__module__ = "_divisi_worker"

if __name__ == "__main__":
    # What users pickle by the name of their main module must not find this one's.
    own = sys.modules["__main__"]
    own.__name__ = "_divisi_worker"
    sys.modules["_divisi_worker"] = own
    sys.modules["__main__"] = types.ModuleType("__main__")
    main()
