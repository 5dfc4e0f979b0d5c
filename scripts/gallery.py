"""Runs every parameter file of sims/ as it stands, draws it, and writes docs/gallery.md with the pictures in docs/images/gallery.

    gallery.py PROGRAM MINUTES

A run is stopped after so many minutes, with its checkpoint, and the page says so. Runs stay in target/gallery; one that is there is not run
again. What is said of a file is the comment that it begins with; the time is that of the processor, on one rank.
"""

import json
import re
import resource
import subprocess
import sys
from pathlib import Path

from PIL import Image

RUNS, PICTURES, PAGE = Path("target/gallery"), Path("docs/images/gallery"), Path("docs/gallery.md")
KINDS = {"nbody": "Bodies", "fluid": "Flows", "optics": "Light through optics", "orbit": "Orbit fits", "sweep": "Sweeps"}
STOPPED = 85
# What shows a run best, of the pictures that `divisi plot` draws; the first that there is.
BEST = ["psf", "jones_pupil", "orbits", "sky_1", "sky", "corner", "density", "profiles", "density_times", "energy_error"]
# Where another one does.
SPECIAL = {
    "kepler": "energy_error", "outer_solar_system": "energy_error", "hd164922": "velocity_0", "hd164922_mcmc": "corner", "fold": "jones",
    "lens": "jones", "cassegrain": "diattenuation",
}
SIZE = (720, 540)


def run_of(file: Path, program: str, minutes: str) -> dict[str, object]:
    """The run of a parameter file: its folder, its exit status and the seconds of the processor that it took."""
    folder = RUNS / file.parent.name / file.stem
    told = folder / "gallery.json"
    if not told.exists():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        words = [program, "run", str(file), "--walltime", minutes, "--overwrite", "--out", str(folder)]
        if file.stem == "gadget":
            words.append(f"initial.file={next((RUNS / 'nbody/plummer/snapshots').glob('*_000000.hdf5')).resolve()}")
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode not in (0, 4, STOPPED):
            raise SystemExit(f"{file}: status {done.returncode}\n{done.stderr}")
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        subprocess.run([program, "plot", str(folder), "--out", str(folder / "figures")], capture_output=True, check=True)
        told.write_text(json.dumps({"status": done.returncode, "seconds": seconds}))
    return {"folder": folder} | json.loads(told.read_text())


def picture_of(file: Path, folder: Path) -> Path:
    """The picture that shows a run best, small and with few colours."""
    drawn = {path.stem: path for path in sorted((folder / "figures").glob("*.png"))}
    wanted = [name for name in drawn if name.startswith(SPECIAL.get(file.stem, "\0"))] + [name for name in BEST if name in drawn]
    image = Image.open(drawn[(wanted or list(drawn))[0]]).convert("RGB")
    image.thumbnail(SIZE, Image.Resampling.LANCZOS)
    path = PICTURES / f"{file.parent.name}_{file.stem}.png"
    image.quantize(128).save(path, optimize=True)
    return path


def comment_of(file: Path) -> str:
    """The first paragraph of the comment at a file's beginning; settings to try are marked as code."""
    lines = []
    for line in file.read_text().splitlines():
        if not line.startswith("# ") or line.startswith("#  "):
            break
        lines.append(line.removeprefix("# "))
    return re.sub(r"(\w\S*=\S+( \w\S*=\S+)*)", r"`\1`", " ".join(lines))


def duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def main(program: str, minutes: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    parts = ["# Gallery\n", "Every parameter file that comes with Divisi, run as it stands: `make gallery` makes this page.",
             "Times are those of the processor, on one rank.\n"]
    # A file of bodies reads what another one has written.
    files = sorted(Path("sims").glob("*/*.toml"), key=lambda file: (list(KINDS).index(file.parent.name), file.stem == "gadget", file.stem))
    for kind, title in KINDS.items():
        parts.append(f"## {title}\n")
        for file in (file for file in files if file.parent.name == kind):
            run = run_of(file, program, minutes)
            picture = picture_of(file, run["folder"])
            ended = ", stopped before its end" if run["status"] == STOPPED else ""
            # Its comment says what has to be run before it.
            command = [] if file.stem == "gadget" else [f"    divisi run {file}\n"]
            parts += [f"### {file.stem}\n", f"{comment_of(file)}\n", *command, f"[{file}](../{file}); {duration(run['seconds'])}{ended}.\n",
                      f"![{file.stem}]({picture.relative_to('docs')})\n"]
            print(f"{file}: {duration(run['seconds'])}, status {run['status']}, {picture.name} {picture.stat().st_size // 1000} kB", flush=True)
    PAGE.write_text("\n".join(parts))


if __name__ == "__main__":
    main(*sys.argv[1:])
