"""The notebooks run from their first cell to their last, and show something."""

import ast
import json
import pathlib
import sys

import divisi
import pytest

NOTEBOOKS = sorted((pathlib.Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def shown(cell, names):
    """Runs a cell as a notebook does; the value of its last line, if that is an expression."""
    tree = ast.parse(cell)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("TQDM_DISABLE", "1")
    book = json.loads(path.read_text())
    names = {"__name__": "__main__"}
    values = []
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            assert not cell["outputs"] and cell["execution_count"] is None, "notebooks are kept without outputs"
            value = shown("".join(cell["source"]), names)
            values.append(value)
            if hasattr(value, "_repr_html_"):
                assert value._repr_html_()
    assert any(value is not None for value in values)


def test_there_are_notebooks():
    assert len(NOTEBOOKS) == 8 and divisi.__version__ and sys.version_info >= (3, 11)
