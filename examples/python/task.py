"""A worker of a sweep: reads one task a line, writes one answer a line. Plain Python, nothing to install.

A plan starts it with `worker = ["python3", "examples/python/task.py"]`. To try it by hand:

    echo '{"task": 7, "attempt": 1, "seed": 42, "parameters": {"x": 0.5}}' | python3 examples/python/task.py
"""

import json
import sys


def solve(parameters, seed):
    """The task itself: put yours here. What it returns becomes columns of the results, here `x2` and `x3`."""
    x = parameters["x"]
    return {"x2": x**2, "x3": x**3}


for line in sys.stdin:
    task = json.loads(line)
    try:
        answer = {"result": solve(task["parameters"], task["seed"])}
    except Exception as error:  # this task fails, the worker goes on to the next
        answer = {"error": f"{type(error).__name__}: {error}"}
    answer["task"] = task["task"]
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()  # or the answer stays here and everybody waits
