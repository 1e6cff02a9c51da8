"""The map of the house, docs/architecture.md, names what is there; `lint-imports` keeps the arrows (pyproject.toml)."""

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
