"""What a notebook shows of a run."""

from __future__ import annotations

import base64
import html
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._run import Run

# A picture in a card of a run may be so long; larger ones are in the report.
_LONGEST_PICTURE = 2_000_000


class Figures(list[Path]):
    """Pictures by their paths."""

    def _repr_html_(self) -> str:
        return "".join(_picture(path) for path in self) or "no pictures yet: <code>run.plot()</code> draws them"


class Report:
    """The page of figures and key numbers of a run. `path`: its file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def _repr_html_(self) -> str:
        page = html.escape(self.path.read_text(errors="replace"), quote=True)
        return f'<iframe srcdoc="{page}" style="width:100%;height:36em;border:1px solid #ccc"></iframe>'

    def __repr__(self) -> str:
        return f"<Report {self.path}>"


def _picture(path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    return f'<figure><img src="data:image/png;base64,{data}" style="max-width:100%"><figcaption>{html.escape(path.name)}</figcaption></figure>'


def card(run: Run) -> str:
    """A run in short: what it is, how far it is, its first picture."""
    ledger = run.ledger
    rows = [("simulation", run.simulation), ("status", run.status)]
    rows += [(name, str(ledger[name])) for name in ("ranks", "steps") if name in ledger]
    if "seconds" in ledger:
        rows.append(("seconds", f"{ledger['seconds']:.1f}"))
    if len(run):
        rows.append(("snapshots", str(len(run))))
    rows.append(("by", str(run.config["made_by"].get("program", ""))))
    cells = "".join(f"<tr><td>{name}</td><td>{html.escape(value)}</td></tr>" for name, value in rows)
    return f"<b>{html.escape(str(run.path))}</b><table>{cells}</table>{_first_picture(run.path)}"


def _first_picture(folder: Path) -> str:
    report = folder / "report.html"
    if report.exists():
        found = re.search(r"<svg.*?</svg>", report.read_text(errors="replace"), re.DOTALL)
        if found and len(found.group()) <= _LONGEST_PICTURE:
            return f'<div style="max-width:40em">{found.group()}</div>'
    return "".join(_picture(path) for path in sorted((folder / "figures").glob("*.png"))[:1])
