"""The worker of worker.toml: Rosenbrock's function and its gradient. examples/python/task.py is such a program with all explained."""

import json
import sys


def solve(x, y):
    value = (1 - x) ** 2 + 100 * (y - x**2) ** 2
    gradient = [-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)]
    return {"value": value, "gradient": gradient}  # columns value, gradient_0, gradient_1


for line in sys.stdin:
    task = json.loads(line)
    try:
        answer = {"result": solve(**task["parameters"])}
    except Exception as error:  # this task fails, the worker goes on
        answer = {"error": f"{type(error).__name__}: {error}"}
    answer["task"] = task["task"]
    print(json.dumps(answer), flush=True)
