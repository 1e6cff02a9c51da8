"""The words of the pages: the same keys and the same gaps in both languages, and every key that is used is there."""

import re
from pathlib import Path
from string import Formatter

import pytest

import agent
import tools
import ui
from tools.core.settings import Settings
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.shown.plan import shown_cost
from ui.texts import EN, ZH
from ui.widgets import label


def gaps(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_say_the_same_things():
    assert EN.keys() == ZH.keys()
    assert {k: gaps(v) for k, v in EN.items()} == {k: gaps(v) for k, v in ZH.items()}
    assert all(v.strip() for v in (*EN.values(), *ZH.values()))


def test_every_key_that_is_used_is_there():
    source = "\n".join(p.read_text() for p in Path(ui.__file__).parent.glob("*.py"))
    used = set(re.findall(r'\bt\(\s*"(\w+)"', source))
    assert len(used) > 100
    assert used <= EN.keys()
    families = {prefix for prefix in re.findall(r"\bt\(f['\"](\w+_)\{", source)}
    assert all(any(key.startswith(prefix) for key in EN) for prefix in families)


def test_every_stage_of_a_run_and_of_a_plan_has_its_words():
    sources = [p.read_text() for room in (agent, tools) for p in Path(room.__file__).parent.rglob("*.py")]
    named = {name for text in sources for name in re.findall(r'\.stage\("(\w+)"\)', text)}
    held = {name for text in sources if re.search(r"\.stage\(_\w+\)", text) for name in _held(text)}
    assert {"generate", "shown"} <= named and {"learn", "export_dataset"} <= held
    assert {f"stage_{name}" for name in named | held} <= EN.keys()
    task = TaskSpec(kind="detect", classes=[ClassSpec(name="bolt")], budget=Budget(images=1, rounds=1))
    planned = {name.split(",")[0] for name in shown_cost(task, 12, Settings(), None, more=True).stages}
    assert {f"cost_{name}" for name in planned} <= EN.keys()


def _held(text):
    """Names of stages that stand in constants."""
    constants = re.findall(r"\.stage\((_\w+)\)", text)
    return [re.search(rf'^{name} = "(\w+)"', text, re.MULTILINE)[1] for name in constants]


@pytest.mark.parametrize("text", ["**bold**", "[a](javascript:x)", "<b>x</b>", "$x$", "# head", "`code`", "苹果"])
def test_text_of_a_label_stands_for_itself(text):
    escaped = label(text)
    assert escaped.replace("\\", "").replace("\u2060", "") == text
    assert not re.search(r"(?<!\\)[*_`$<>\[\]#]", escaped)


@pytest.mark.parametrize("text", [":smile:", ":material/home:", ":red[x]"])
def test_a_label_never_becomes_an_icon(text):
    assert not re.search(r":\w", label(text).replace("\\", ""))
