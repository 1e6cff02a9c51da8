"""Plain words first: what a person without a terminal reads about a model, and what never stands on the page."""

import ast
import re
from pathlib import Path

import pytest

from agent.cli.ways import with_way
from agent.requests import questions
from tests.runs import evaluation, make_run
from tests.ui.conftest import words
from tools.core.errors import Code, StepFailed
from tools.data.dataset import Dataset
from tools.data.scores import SliceScore
from tools.runs.expected import MEASURED
from ui import plain_words, widgets
from ui.texts import EN, ZH

CODE = re.compile(r"(?<![\w-])--[a-z]|SIGHTSMITH_|OPENAI_|\b(light|occlusion|distance|weather|viewpoint|crowding)=")


@pytest.fixture
def english(monkeypatch):
    monkeypatch.setattr("ui.session.language", lambda: "en")


def told(tmp_path, **changes):
    run = make_run(tmp_path / "run", names=changes.pop("names", ("apple",)))
    scores = evaluation("synthetic_test", 0.6, **changes)
    run.record.evaluation = {"synthetic_test": scores}
    run.record.best_round.scores = {"synthetic_test": scores}
    return run.record


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("recall", "precision", "lines"),
    [
        (0.8, 0.8, ["Of 10 apples it finds about 8.", "Of 10 finds, about 2 are wrong."]),
        (0.98, 1.0, ["Of 100 apples it finds about 98.", "Hardly any of its finds is wrong."]),
        (0.0, 0.5, ["It finds hardly any apples yet.", "Of 10 finds, about 5 are wrong."]),
    ],
)
def test_shares_are_told_as_so_many_of_ten(tmp_path, recall, precision, lines):
    record = told(tmp_path, recall=recall, precision=precision, empties=0)
    assert plain_words.of_run(record).lines[:2] == lines


@pytest.mark.usefixtures("english")
def test_what_is_taken_for_what_and_where_it_is_hard(tmp_path):
    record = told(tmp_path)
    record.best_round.diagnosis.mistaken = {"tomato": 5}
    record.best_round.diagnosis.lookalikes = {"tomato": 20}
    said = plain_words.of_run(record)
    assert "Tomatoes are taken for apples (5 of 20 in the test)." in said.lines
    assert "It finds them hardest far away." in said.lines
    assert said.worry
    assert "on no real photo" in said.caution


@pytest.mark.usefixtures("english")
def test_several_classes_are_told_one_by_one_and_their_mix_ups(tmp_path):
    parts = {n: SliceScore(images=9, instances=20, score=0.5, recall=r) for n, r in (("apple", 0.9), ("pear", 0.1))}
    record = told(tmp_path, names=("apple", "pear"), per_class=parts)
    said = plain_words.of_run(record, {("pear", "apple"): 4, ("apple", "apple"): 18}).lines
    assert said[:2] == ["Of 10 apples it finds about 9.", "Of 10 pears it finds about 1."]
    assert "Pears are taken for apples (4 times in the test)." in said


@pytest.mark.usefixtures("english")
def test_without_photos_it_is_told_how_much_similar_models_kept(tmp_path):
    record = told(tmp_path, recall=1.0)
    record.expected = list(MEASURED["fruit"])
    assert "similar models kept of their score: apples 94 %" in plain_words.of_run(record).caution


@pytest.mark.usefixtures("english")
def test_a_real_photo_speaks_before_a_drawn_one(tmp_path):
    record = told(tmp_path, recall=1.0)
    record.evaluation["real_test"] = evaluation("real_test", 0.4, recall=0.4)
    said = plain_words.of_run(record)
    assert said.lines[0] == "Of 10 apples it finds about 4."
    assert not said.worry and "similar models" not in (said.caution or "")
    assert plain_words.short(record) == "finds 4 of 10 apples on real photos"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "text",
    [
        "No real photo was measured, so how it does on real photos is not known; --real DIR measures that.",
        "Still weak: occlusion=partly hidden, light=deep shade.",
        "Set SIGHTSMITH_LLM_TIMEOUT_S=60, or --llm NAME",
        "nothing answers at OPENAI_BASE_URL (connection refused). Start the server, or check OPENAI_API_KEY",
        "用 --real 目录 可以测；或 --llm 模型名。仍然较弱：light=deep shade。",
        questions.ask_instead_of(["zorbling"], "en"),
        questions.ask_instead_of(["佐布林"], "zh"),
    ],
)
def test_the_agents_words_are_worded_for_the_page(monkeypatch, language, text):
    monkeypatch.setattr("ui.session.language", lambda: language)
    said = plain_words.for_page(text)
    assert not CODE.search(said)
    assert "DIR" not in said and "NAME" not in said
    assert widgets.explained(StepFailed(text)) == said


@pytest.mark.usefixtures("english")
def test_the_question_about_an_unknown_thing_names_what_is_below_it():
    said = plain_words.with_way(questions.ask_instead_of(["zorbling"], "en"), "uncovered", {"names": ["zorbling"]})
    assert EN["show_title"] in said
    assert "zorbling" in said


# Codes of refusals that the planner or the graph settles: no person reads them.
_WITHIN = {Code.ALIKE, Code.LEAVE_OUT, Code.SAME_AGAIN, Code.WISH}
_CHECKS = ("key", "address", "model", "time", "later")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("code", sorted(set(Code) - _WITHIN))
def test_page_and_command_line_each_word_the_way_out_of_a_code(monkeypatch, language, code):
    monkeypatch.setattr("ui.session.language", lambda: language)
    for check in _CHECKS if code is Code.WITHOUT_MODEL else ("",):
        data = {"check": check, "request": "find apples", "few": "p", "names": ["zorb"]}
        said = plain_words.with_way("It cannot be.", str(code), data)
        assert said.startswith("It cannot be. ") and not CODE.search(said) and "sightsmith" not in said
        assert widgets.explained(StepFailed("It cannot be.", code, data)) == said
        typed = with_way("It cannot be", code, data, Path("runs") / "r")
        assert typed.startswith("It cannot be. ") and "sightsmith " in typed


def test_no_sentence_of_the_agent_holds_a_command():
    """A command is for the command line alone to say (`agent/cli`), and for what is started there."""
    told = re.compile(r"\bsightsmith (resume|build|export|label|learn|ui|doctor)\b")
    there = {"compare.py", "start.py", "run_folder.py", "anonymise.py"}  # what only its commands reach
    found = []
    root = Path(plain_words.__file__).parents[1]
    for path in [*(root / "agent").rglob("*.py"), *(root / "tools").rglob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        kept = {n.value for n in ast.walk(tree) if isinstance(n, ast.Expr)}  # docstrings
        found += [
            (path.name, n.value) for n in ast.walk(tree)
            if isinstance(n, ast.Constant) and isinstance(n.value, str) and n not in kept and told.search(n.value)
            and path.parent.name != "cli" and path.name not in there
        ]  # fmt: skip
    assert found == []


@pytest.mark.parametrize("texts", [EN, ZH])
def test_no_text_of_the_page_has_a_flag_or_a_variable(texts):
    assert [key for key, value in texts.items() if CODE.search(value)] == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("page", ["chat", "scores", "gallery", "take", "runs"])
def test_no_page_of_a_finished_run_shows_code(draw, run, page, language):
    run.emit("summary", text="Still weak: occlusion=partly hidden; --real DIR measures that.")
    run.emit("end", status="finished")
    said = re.sub(r"<[^>]*>", " ", words(draw(page, "apples", language=language)))
    assert not CODE.search(said)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_end_says_plain_words_first_and_figures_folded(draw, run, language):
    with run.stage("report"):
        run.emit("summary", text="mask mAP50 0.61")
    test = draw("chat", "apples", language=language)
    said = words(test)
    assert said.index({"en": "it finds about", "zh": "大约能找到"}[language]) < said.index("mask mAP50")
    assert any("mask mAP50" in str(e.get("html")[0].proto.body) for e in test.expander if e.get("html"))


def test_one_figure_on_every_page(draw, run):
    """Of the model that is handed over: another round, or another set, is not spoken of."""
    run.record.evaluation["synthetic_test"] = evaluation("synthetic_test", 0.6, recall=0.3, precision=0.9)
    with run.stage("report"):
        run.emit("summary", text="x")
    run.save()
    for page in ("chat", "scores", "take"):
        assert "it finds about 3" in words(draw(page, "apples"))
    assert "finds 3 of 10" in words(draw("runs"))


def test_the_card_stands_beside_the_files_with_something_to_copy(draw, run):
    test = draw("take", "apples")
    assert {"python", "bash"} <= {c.language for c in test.code}
    for way in ("Python", "Phone", "Raspberry Pi", "Other programs (HTTP)"):
        assert way in [tab.label for tab in test.tabs]
    assert any('YOLO("apples-model.pt")' in c.value for c in test.code)
    assert "About this model" in [s.value for s in test.header]
    for code in test.code:
        if code.language == "python":
            compile(code.value, "snippet", "exec")


def test_images_of_results_are_made_anew_when_labels_or_images_change(run):
    from tools.page import review
    from ui.results import _stamp

    dataset = Dataset(run.folder)
    sample = next(s for s in dataset.samples(split="test") if s.instances)
    stamps = [_stamp(run.folder, run.record)]
    review.delete(dataset, sample, 0)
    stamps.append(_stamp(run.folder, run.record))
    review.undo(dataset)
    stamps.append(_stamp(run.folder, run.record))
    dataset.close()
    run.record.status = "running"
    stamps.append(_stamp(run.folder, run.record))
    run.record.rounds.append(run.record.rounds[-1].model_copy(update={"number": 9}))
    stamps.append(_stamp(run.folder, run.record))
    assert len(set(stamps)) == 5


def test_what_is_kept_between_drawings_is_told_apart_by_all_of_its_arguments():
    """Streamlit does not look at arguments whose name begins with an underscore."""
    kept = re.compile(r"@st\.cache_\w+\([^\n]*\)\ndef \w+\(([^)]*)\)")
    found = [
        names
        for path in (Path(__file__).parents[2] / "ui").glob("*.py")
        for names in kept.findall(path.read_text(encoding="utf-8"))
    ]
    assert len(found) >= 7
    assert not [names for names in found if re.search(r"\b_\w+:", names)]
