#!/usr/bin/env python3
"""Parameter files under the schema that `divisi schema` prints, as an editor checks them.

    check_schema.py BUILD    every parameter file of sims/ and examples/ is valid under the schema of the program that reads it, and
                             what is invalid under it is refused by the program; programs are in BUILD (target/release)
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

VALID = """
simulation = "nbody"
run.until = 1.0
[initial]
kind = "plummer"
n = 10
[gravity]
softening = 0.1
[integrator]
method = "hermite"
dt = 0.01
[output]
compress = 3
times = [1.0]
hints = { cb_nodes = 4 }
[checkpoint]
keep = 1
"""

# What is wrong, and the change of the valid file that makes it so.
REFUSED = [
    ("an unknown section", "[output]", "[outptu]"),
    ("an unknown key", "softening", "sofening"),
    ("a missing key", 'method = "hermite"', ""),
    ("a wrong type", "n = 10", 'n = "ten"'),
    ("a negative count", "n = 10", "n = -10"),
    ("a value that is none of the words", '"hermite"', '"hermit"'),
    ("a key of another kind", "n = 10", 'file = "a.csv"'),
    ("an unknown kind", '"plummer"', '"plumer"'),
    ("a number below its bound", "softening = 0.1", "softening = -0.1"),
    ("a number above its bound", "compress = 3", "compress = 10"),
    ("a number at a bound that is left out", "keep = 1", "keep = 0"),
    ("a list of the wrong type", "times = [1.0]", "times = [true]"),
    ("another simulation", 'simulation = "nbody"', 'simulation = "fluid"'),
    ("no simulation", 'simulation = "nbody"', ""),
]


def expect(claim, what):
    if not claim:
        raise SystemExit(what)


def validator(program, *names):
    """What checks a file by the schema of a program; the schema itself is one."""
    schema = json.loads(subprocess.run([program, "schema", *names], check=True, capture_output=True).stdout)
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def shipped(build):
    """Every parameter file of the project with the program that reads it."""
    for path in sorted(pathlib.Path("sims").glob("*/*.toml")):
        yield path, build / "divisi"
    for path in sorted(pathlib.Path("examples").glob("*.toml")):
        if "simulation =" in path.read_text():  # else it belongs to a sweep with a main of its own
            yield path, build / "examples" / path.stem


def check_shipped(build):
    found = list(shipped(build))
    expect(len(found) > 35, f"{len(found)} files")
    validators = {program: validator(program) for program in {program for _, program in found}}
    for path, program in found:
        for error in validators[program].iter_errors(tomllib.loads(path.read_text())):
            raise SystemExit(f"{path}: {error.message} at {error.json_path}")
    print(f"{len(found)} parameter files are valid under their schema")


def is_taken(program, text, folder):
    """Whether a program runs a file of this text; what is wrong with it must not be a crash."""
    file = folder / "file.toml"
    file.write_text(text)
    status = subprocess.run([program, "run", file, "--check"], capture_output=True).returncode
    expect(status in (0, 2), f"status {status}: {text}")
    return status == 0


def check_refused(program):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        expect(is_taken(program, VALID, folder), "the program refuses the valid file")
        for what, before, after in REFUSED:
            expect(not is_taken(program, VALID.replace(before, after, 1), folder), f"the program takes {what}")
    for names in [["nbody"], []]:
        checked = validator(program, *names)
        expect(checked.is_valid(tomllib.loads(VALID)), f"the valid file is invalid {names}")
        for what, before, after in REFUSED:
            expect(not checked.is_valid(tomllib.loads(VALID.replace(before, after, 1))), f"{what} is valid {names}")
    print(f"{len(REFUSED)} mistakes are refused by the schema and by the program")


if __name__ == "__main__":
    build = pathlib.Path(sys.argv[1]).resolve()
    check_shipped(build)
    check_refused(build / "divisi")
