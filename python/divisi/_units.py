"""Units: those that a file tells, as astropy's or unyt's where one of these is installed, else as a label.

A run without a physical scale (N-body units) has plain numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._optional import has

_LIBRARIES = ("astropy", "unyt", "none")
_chosen: str | None = None

# What the program calls a unit: in astropy, in unyt.
_NAMES = {
    "au": ("au", "AU"),
    "hour": ("h", "hr"),
    "Msun": ("Msun", "Msun"),
    "Mearth": ("earthMass", "Mearth"),
    "Mjup": ("jupiterMass", "Mjup"),
}


class Numbers(np.ndarray):
    """An array of numpy with the label of its unit, `unit`; empty where there is none."""

    unit: str

    def __new__(cls, numbers: Any, unit: str = "") -> Numbers:
        array = np.asarray(numbers).view(cls)
        array.unit = unit
        return array

    def __array_finalize__(self, other: Any) -> None:
        # What is computed from numbers has another unit; a part or a copy has the same.
        self.unit = getattr(other, "unit", "")

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        plain = np.asarray(array)
        return plain[()] if return_scalar else plain


def use_units(library: str | None) -> None:
    """Which library units come from: "astropy", "unyt", "none" (labels alone), or None for the first that is installed."""
    global _chosen
    if library is not None and library not in _LIBRARIES:
        raise ValueError(f"{library!r} is no library of units: {', '.join(_LIBRARIES)} or None")
    _chosen = library


def library() -> str:
    if _chosen is not None:
        return _chosen
    return next((name for name in _LIBRARIES[:2] if has(name)), "none")


def label_of(text: str) -> str:
    """A unit's label without what stands behind it in brackets."""
    return text.split(" (")[0]


def with_label(numbers: NDArray[Any], label: str) -> Any:
    """Numbers in the unit that a label names; where the library doesn't know it, with the label alone."""
    label = label_of(label)
    if not label:
        return Numbers(numbers)
    unit = _parsed(label)
    return Numbers(numbers, label) if unit is None else numbers * unit


def _parsed(label: str) -> Any:
    which = library()
    if which == "none":
        return None
    column = _LIBRARIES.index(which)
    words = label
    for name, names in _NAMES.items():
        words = "/".join(_renamed(part, name, names[column]) for part in words.split("/"))
    try:
        if which == "astropy":
            from astropy import units

            return units.Unit(words)
        import unyt

        return unyt.Unit(words.replace("^", "**").replace(" ", "*"))
    except Exception:  # each library has its own errors for what it can't read
        return None


def _renamed(part: str, name: str, other: str) -> str:
    head, power, tail = part.partition("^")
    words = [other if word == name else word for word in head.split(" ")]
    return " ".join(words) + power + tail


@dataclass(frozen=True)
class Scale:
    """The units of a file: length, mass and time in CGS, and what they are called; without names there is no physical scale."""

    length: tuple[float, str]
    mass: tuple[float, str]
    time: tuple[float, str]

    @classmethod
    def of(cls, file: Any) -> Scale:
        """Those that an open file of h5py tells in its group Units."""
        told = dict(file["Units"].attrs)

        def text(name: str) -> str:
            value = told.get(name, b"")
            return value.decode() if isinstance(value, bytes) else str(value)

        keys = (("UnitLength_in_cm", "Length"), ("UnitMass_in_g", "Mass"), ("UnitTime_in_s", "Time"))
        length, mass, time = ((float(told[size]), label_of(text(name))) for size, name in keys)
        return cls(length, mass, time)

    @property
    def is_physical(self) -> bool:
        return bool(self.length[1])

    def quantity(self, numbers: Any, length: int = 0, mass: int = 0, time: int = 0) -> Any:
        """Numbers in length**length mass**mass time**time of these units."""
        numbers = np.asarray(numbers)
        if not self.is_physical:
            return Numbers(numbers)
        powers = [(self.length, "cm", length), (self.mass, "g", mass), (self.time, "s", time)]
        if library() == "none":
            return Numbers(numbers, _joined([(unit[1], power) for unit, _, power in powers]))
        unit = None
        for (size, name), cgs, power in powers:
            if power:
                one = _unit(size, name, cgs) ** power
                unit = one if unit is None else unit * one
        return numbers if unit is None else numbers * unit

    @property
    def unit_base(self) -> dict[str, float]:
        """What yt asks for."""
        names = ("UnitLength_in_cm", "UnitMass_in_g", "UnitVelocity_in_cm_per_s")
        sizes = (self.length[0], self.mass[0], self.length[0] / self.time[0])
        return dict(zip(names, sizes, strict=True))


def _unit(size: float, name: str, cgs: str) -> Any:
    """A unit by its name where it has the size that the file tells, else so many of CGS's."""
    base, known = _parsed(cgs), _parsed(name)
    try:
        if known is not None and abs(float((1.0 * known).to(base).value) / size - 1.0) < 1e-12:
            return known
    except Exception:  # a name that means something else to the library
        pass
    if library() == "astropy":
        from astropy import units

        return units.Unit(size * base)
    import unyt

    return unyt.Unit(base.expr * size, registry=base.registry)


def _joined(powers: list[tuple[str, int]]) -> str:
    def word(name: str, power: int) -> str:
        return name if abs(power) == 1 else f"{name}^{abs(power)}"

    above = " ".join(word(name, power) for name, power in powers if power > 0) or "1"
    below = " ".join(word(name, power) for name, power in powers if power < 0)
    return f"{above}/{below}" if below else above
