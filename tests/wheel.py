"""Run by tests/wheel.sh where the wheel is installed and little else: an example on 1 and on 2 ranks, the same bytes, its picture, its
job script.

    wheel.py SECONDS-SINCE-THE-EPOCH    when the installation began
"""

import pathlib
import subprocess
import sys
import time

import divisi
from divisi._program import find_program

assert pathlib.Path(divisi.__file__).parent.parent.name.endswith("-packages"), divisi.__file__
divisi.example("solar_system")
for ranks in (2, 1):
    run = divisi.run("solar_system.toml", ranks=ranks, until="1 yr", out=f"runs/{ranks}", overwrite=True, progress=False)
    assert run.ledger["ranks"] == ranks and run.status == "done", run
    if ranks == 2:
        shown = run.plot()._repr_html_()
        assert "data:image/png;base64," in shown and len(shown) > 10_000
        print(f"    picture after {time.time() - float(sys.argv[1]):.0f} s")
one, two = (pathlib.Path("runs", ranks) for ranks in "12")
names = ["history.csv", "trajectory.hdf5", *(path.relative_to(one) for path in one.glob("snapshots/*"))]
assert len(names) > 3
for name in names:
    assert (one / name).read_bytes() == (two / name).read_bytes(), f"{name} differs between 1 and 2 ranks"
submit = [str(find_program()), "submit", "solar_system.toml", "--ranks", "2", "--time", "10", "--dry-run"]
script = subprocess.run(submit, capture_output=True, text=True, check=True).stdout
assert "#SBATCH" in script and "solar_system.toml" in script, script
