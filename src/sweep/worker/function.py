"""A worker that is a Python function: `worker = "module:function"` in a plan. The program has this file within it.

The function gets a task's parameters by their names, and `task`, `seed` and `attempt` where it has arguments that are called so and no
parameter is. What it returns is the result: a number, a text, or a table of these; numbers and arrays of numpy are taken as Python's. What it
prints goes to standard error, since answers have standard output to themselves.
"""

import importlib
import inspect
import json
import os
import sys

answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)


def plain(value):
    """What json doesn't know: numpy's numbers and arrays."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a result is a number, a text, a list or a table, not {type(value).__name__}")


def named(names):
    module, _, function = names.partition(":")
    found = importlib.import_module(module)
    for name in function.split("."):
        found = getattr(found, name)
    return found


function = named(sys.argv[1])
try:
    accepted = inspect.signature(function).parameters
except ValueError:
    accepted = {}
for line in sys.stdin:
    asked = json.loads(line)
    about = {name: asked[name] for name in ("task", "seed", "attempt") if name in accepted}
    answer = {"task": asked["task"]}
    try:
        text = json.dumps(answer | {"result": function(**(about | asked["parameters"]))}, default=plain)
    except Exception as error:
        text = json.dumps(answer | {"error": f"{type(error).__name__}: {error}"})
    answers.write(text + "\n")
