"""Arrows between the top folders point one way, lazy imports included."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {"tools": set(), "agent": {"tools"}, "ui": {"agent", "tools"}, "prompts": set()}


def imported(path):
    """Top packages that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("layer", sorted(MAY_IMPORT))
def test_a_layer_imports_only_what_is_below_it(layer):
    forbidden = {*MAY_IMPORT, "tests", "benchmarks"} - MAY_IMPORT[layer] - {layer, "prompts"}
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / layer).rglob("*.py")
        for name in imported(path)
        if name in forbidden
    }
    assert not wrong


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
