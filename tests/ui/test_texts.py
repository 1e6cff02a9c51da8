"""The words of the pages: the same keys and the same gaps in both languages, and every key that is used is there."""

import re
from pathlib import Path
from string import Formatter

import pytest

import ui
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


@pytest.mark.parametrize("text", ["**bold**", "[a](javascript:x)", "<b>x</b>", "$x$", "# head", "`code`", "苹果"])
def test_text_of_a_label_stands_for_itself(text):
    escaped = label(text)
    assert escaped.replace("\\", "").replace("\u2060", "") == text
    assert not re.search(r"(?<!\\)[*_`$<>\[\]#]", escaped)


@pytest.mark.parametrize("text", [":smile:", ":material/home:", ":red[x]"])
def test_a_label_never_becomes_an_icon(text):
    assert not re.search(r":\w", label(text).replace("\\", ""))
