"""Functions on their way to a pool's ranks: each is sent once, and again when what it uses has changed.

A function goes by its name where ranks can import it, and by value (cloudpickle) where they can't: in a script, a notebook, a closure, a
lambda. Then it takes along the global names that it uses as they are now; when one of them is bound to something else the function is sent
anew. What is changed in place (a list that grows) isn't noticed.
"""

from __future__ import annotations

import hashlib
import pickle
import struct
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

from ._optional import need


class Functions:
    """The functions that a pool's ranks have. `send` gets the number, the key and the bytes of a new one."""

    def __init__(self, send: Callable[[int, bytes, bytes], None]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._count = 0
        # By function: its number, what it uses as it was, and the places where that stands.
        self._plain: dict[Any, tuple[int, list[Any], _Uses]] = {}
        self._others: dict[bytes, int] = {}

    def number(self, function: Callable[..., Any]) -> int:
        """The number by which ranks know a function, which is sent if they don't have it as it is now."""
        with self._lock:
            return self._number(function)

    def _number(self, function: Callable[..., Any]) -> int:
        if type(function) is not types.FunctionType:
            return self._other(function)
        known = self._plain.get(function)
        if known is not None:
            number, before, uses = known
            now = uses.now()
            if len(before) == len(now) and all(map(_is, before, now)):
                return number
        uses = _Uses(function)
        number = self._enter(key_of(function), _by_value(function))
        self._plain[function] = (number, uses.now(), uses)
        return number

    def _other(self, function: Any) -> int:
        """An object that can be called: what it holds may have changed since."""
        code = _by_value(function)
        key = hashlib.blake2b(code, digest_size=16).digest()
        if key not in self._others:
            self._others[key] = self._enter(key, code)
        return self._others[key]

    def _enter(self, key: bytes, code: bytes) -> int:
        self._count += 1
        places = pickle.dumps([place for place in sys.path if place])
        self._send(self._count, key, struct.pack("<Q", len(places)) + places + code)
        return self._count


def _is(one: Any, other: Any) -> bool:
    return one is other


def _by_value(function: Any) -> bytes:
    # By name where there is one that others can import; cloudpickle knows.
    return bytes(need("cloudpickle", "a function for a pool").dumps(function, 5))


class _Uses:
    """What a function uses beside its arguments: nothing that counts, where it goes by name."""

    def __init__(self, function: types.FunctionType) -> None:
        self.function = function
        module = sys.modules.get(function.__module__ or "")
        found: Any = module
        for name in function.__qualname__.split("."):
            found = getattr(found, name, None)
        self.has_name = function.__module__ != "__main__" and found is function
        self.names = [] if self.has_name else [name for name in _names(function.__code__) if name in function.__globals__]

    def now(self) -> list[Any]:
        if self.has_name:
            return []
        function = self.function
        found: list[Any] = [function.__globals__.get(name) for name in self.names]
        for cell in function.__closure__ or ():
            try:
                found.append(cell.cell_contents)
            except ValueError:
                found.append(None)
        return [*found, function.__defaults__, function.__kwdefaults__, function.__code__]


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for one in code.co_consts:
        if isinstance(one, types.CodeType):
            yield from _names(one)


def key_of(function: types.FunctionType) -> bytes:
    """What a function is known by in a journal: its name, its code, its defaults and what its closure holds, not what its globals are."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{function.__module__}\0{function.__qualname__}\0".encode())
    _add_code(digest, function.__code__)
    held = [cell.cell_contents for cell in function.__closure__ or () if _is_set(cell)]
    for one in (function.__defaults__, function.__kwdefaults__, *held):
        if isinstance(one, types.FunctionType):
            digest.update(key_of(one) if one is not function else b"itself")
        elif one is not None:
            digest.update(_by_value(one))
    return digest.digest()


def _is_set(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def _add_code(digest: Any, code: types.CodeType) -> None:
    digest.update(code.co_code)
    digest.update("\0".join((*code.co_names, *code.co_varnames, *code.co_freevars)).encode())
    for one in code.co_consts:
        if isinstance(one, types.CodeType):
            _add_code(digest, one)
        elif isinstance(one, frozenset):
            digest.update(repr(sorted(map(repr, one))).encode())
        else:
            digest.update(repr(one).encode())
