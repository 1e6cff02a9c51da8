"""One number everywhere: each surface shows the figures of the model that is handed over, on the same images."""

import json

import pytest
from rich.console import Console

from agent.cli import console
from agent.compare import compare
from agent.memory import lesson_of
from agent.report.facts import facts_of
from agent.summary import summarise
from tests.runs import evaluation, make_run
from tests.tools.measured_run import add_images, good, half, loader, train
from tests.tools.measured_run import make_run as make_measured
from tools.data.scores import Diagnosis, WeakSlice
from tools.steps.evaluate import brief, evaluate


def weak(number, name):
    axis, _, value = name.partition("=")
    one = WeakSlice(axis=axis, value=value, score=0.2, rest=0.8, instances=20)
    return Diagnosis(round=number, on="synthetic_val", weak=[one])


class Step:
    def __init__(self, name, report):
        self.name, self.report, self.done, self.reason = name, report, True, ""


@pytest.fixture
def refused(tmp_path):
    """Round 1 scored 0.83 on 13 images; round 2 was refused, and round 1 measured again on 16."""
    run = make_run(tmp_path / "r", rounds=2)
    first, second = run.record.rounds
    first.accepted, second.accepted = True, False
    first.kept, first.generated, second.kept, second.generated = 30, 40, 20, 25
    first.scores = {"synthetic_val": evaluation("synthetic_val", 0.81, images=13),
                    "synthetic_test": evaluation("synthetic_test", 0.83, images=13)}  # fmt: skip
    second.scores = {"synthetic_val": evaluation("synthetic_val", 0.42, images=16),
                     "synthetic_test": evaluation("synthetic_test", 0.44, images=16)}  # fmt: skip
    first.diagnosis, second.diagnosis = weak(1, "light=shade"), weak(2, "distance=far")
    run.record.best = run.record.best.model_copy(update={"round": 1})
    run.record.evaluation = {"synthetic_test": evaluation("synthetic_test", 0.79, images=16), "real_test": None,
                             "synthetic_val": evaluation("synthetic_val", 0.78, images=15)}  # fmt: skip
    return run


def test_a_record_knows_its_model(refused):
    record = refused.record
    assert record.best_round.number == 1
    assert {on: (e.score, e.images) for on, e in record.scores.items()} == {
        "synthetic_test": (0.79, 16), "synthetic_val": (0.78, 15),
    }  # fmt: skip
    assert record.deciding_scores.score == 0.78
    assert [w.name for w in record.weak] == ["light=shade"]
    assert record.images == (50, 65)


def test_every_surface_says_the_same(refused, capsys):
    record = refused.record
    report = {"accepted": False, "best_round": 1, "scores": {on: brief(e) for on, e in record.scores.items()}}
    chat = summarise("segment apples", [Step("evaluate_model", report)])
    console.print_record(record, refused.folder)
    console.print_runs([record], refused.folder.parent)
    rows = {row.name: row.values[0] for row in compare(record, record)}
    tables = dict(facts_of(refused).sets)
    terminal = capsys.readouterr().out
    assert "0.79 (0.71–0.86) on 16 rendered test pictures" in chat
    assert terminal.count("0.79") == 2 and "0.71-0.86" in terminal
    assert rows["synthetic_test/mask mAP50"] == "0.79 (0.71–0.86)"
    assert (rows["weak"], rows["pictures"]) == ("light=shade", "50 / 65")
    assert (tables["synthetic test"].score, tables["synthetic test"].images) == (0.79, 16)
    assert lesson_of(refused).scores == {"synthetic_test": 0.79, "synthetic_val": 0.78}
    assert not any(old in chat + terminal + json.dumps(rows) for old in ("0.83", "0.44"))


def test_a_refused_round_leaves_the_figures_of_the_model_on_all_images(tmp_path):
    run = make_measured(tmp_path)
    for weights, first in (("good", None), ("half", 300)):
        if first is not None:
            add_images(run, range(first, first + 24), 2)
        train(run, weights)
        load, _ = loader(run, {"good": good, "half": half})
        report = json.loads(evaluate(run, load))
    refused, scores = run.round, run.record.scores
    assert (report["accepted"], report["scores_of_round"], run.record.best_round.number) == (False, 1, 1)
    for on in ("synthetic_val", "synthetic_test"):
        assert scores[on].images > run.record.rounds[0].scores[on].images
        assert report["scores"][on]["mask_map50"] == round(scores[on].mask_map50, 3)
    judged = refused.scores["synthetic_val"]
    assert scores["synthetic_val"].images == judged.images and scores["synthetic_val"].mask_map50 > judged.mask_map50


def test_a_terminal_shows_no_interval_of_one_image(refused, monkeypatch):
    refused.record.evaluation["real_test"] = evaluation("real_test", 0.92, images=1)
    out = Console(record=True, width=160)
    console._print_scores(out, refused.record)
    [line] = [text for text in out.export_text().splitlines() if "real photos" in text]
    assert "0.92" in line and "0.84" not in line
