"""Projects have names that people read; they can be renamed and found."""

import pytest

from tests.runs import make_run
from tests.ui.conftest import words
from ui import titles


@pytest.mark.parametrize(
    ("language", "names", "contexts", "title"),
    [
        ("en", ("apple",), ["orchard"], "Apples in an orchard"),
        ("en", ("apple", "pear"), [], "Apples and pears"),
        ("en", ("a", "b", "c", "d", "e"), [], "As, bs, cs and 2 more"),
        ("zh", ("苹果",), ["orchard"], "果园里的苹果"),
        ("zh", ("苹果", "梨"), ["orchard", "table"], "苹果和梨"),
    ],
)
def test_a_title_says_what_and_where(monkeypatch, tmp_path, language, names, contexts, title):
    monkeypatch.setattr("ui.session.language", lambda: language)
    run = make_run(tmp_path / "run-20261128", names=names, rounds=0)
    run.record.task.contexts = contexts
    assert titles.title_of(run.folder, run.record) == title


def test_a_project_is_renamed_and_found_again(draw, run, runs_dir):
    make_run(runs_dir / "other", names=("bottle",))
    test = draw("runs")
    assert "Bottles" in words(test)
    test.text_input(key="title-other").input("Line  three, <b>station</b> 2")
    next(b for b in test.button if b.form_id == "rename-other").click().run()
    assert "Line three, &lt;b&gt;station&lt;/b&gt; 2" in words(test)
    test.text_input(key="runs_search").input("station three").run()
    said = words(test)
    assert "Line three" in said
    assert "folder other" in said
    assert "folder apples" not in said
    test.text_input(key="runs_search").input("nothing like it").run()
    assert "No project is called so" in words(test)


def test_a_name_taken_back_is_the_title_again(run):
    titles.rename(run.folder, "Mine")
    assert titles.given(run.folder) == "Mine"
    titles.rename(run.folder, "  ")
    assert titles.given(run.folder) == ""
