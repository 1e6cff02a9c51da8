"""Pages name what is there: docs/architecture.md files and rooms, docs/faults.md tests.

`lint-imports` keeps the arrows between the rooms (pyproject.toml).
"""

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_map_names_files_that_exist():
    """Every path in the architecture page that is given from the root."""
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    named = {
        word
        for word in text.split("`")
        if word.startswith(("agent/", "tools/", "tests/", "ui/", "prompts/")) and " " not in word and "*" not in word
    }
    assert len(named) > 40
    assert not [name for name in named if not (ROOT / name).exists()]


def test_the_map_names_every_room():
    """The rooms of the contracts, each in a row of the page's tables."""
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    for contract in contracts:
        for top in contract.get("containers", []):
            rooms = [room for line in contract["layers"] for room in line.split(" | ")]
            assert not [r for r in rooms if f"`{top}/{r}/`" not in text and f"`{top}/{r}.py`" not in text]


def test_the_page_of_faults_names_tests_that_exist():
    """Every `path::name` in it is a test of that file, and every row of its tables names one."""
    text = (ROOT / "docs/faults.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    assert len(named) > 80
    tests = {path: _functions(ROOT / path) for path, _ in named}
    assert not [f"{path}::{name}" for path, name in named if name not in tests[path] or not name.startswith("test_")]
    section = text.split("## What is held by which test")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ") and not line.startswith("| fault |")]
    assert rows and not [row for row in rows if "::test_" not in row]


def _functions(path: Path) -> set[str]:
    """Names of a file's functions; none where there is no such file."""
    if not path.is_file():
        return set()
    return {n.name for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.FunctionDef)}
