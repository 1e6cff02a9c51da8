import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.report import write as module
from agent.report.charts import Line, interval_bar, line_chart
from agent.report.facts import command_of, curves_of, facts_of
from agent.report.images import ASKED, agreement, contact_sheet, diverse, predictions
from agent.report.scores import headline_of
from agent.report.write import markdown_text, minutes, write_report
from tests.runs import Imprecise, evaluation, make_run
from tools.core.errors import Stopped
from tools.core.settings import Settings
from tools.data.sample import Instance, Sample, encode_mask, mask_box
from tools.metrics.judging import Sets
from tools.runs.expected import MEASURED
from tools.runs.runtime import Best, RunContext, RunRecord, write_json

HOSTILE = """<script>alert('1')</script> "&' {{ 7*7 }} <img src=x onerror=alert(1)>"""


class Page(HTMLParser):
    """What a browser would make of a report: its tags, what they refer to, its texts."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.references: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self._style = False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._style = tag == "style"
        for name, value in attrs:
            if name in ("src", "href", "action", "data", "srcset"):
                self.references.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._style else data


@pytest.fixture
def with_model(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a model that answers with part of the truth where the run's weights are."""

    def put(run: RunContext) -> RunContext:
        assert run.record.best is not None
        run.path(run.record.best.weights).write_bytes(b"weights")
        monkeypatch.setattr("tools.models.predict.Predictor.load", lambda _path: Imprecise(run))
        return run

    return put


def check(path: Path) -> Page:
    """One file that needs nothing from outside and runs nothing."""
    page = Page(path)
    assert path.stat().st_size < 6_000_000
    assert all(r.startswith("data:image/jpeg;base64,") for r in page.references)
    assert not {"script", "iframe", "link", "object", "embed", "form", "base"} & set(page.tags)
    assert not page.handlers
    source = path.read_text(encoding="utf-8")
    assert "url(" not in source and "@import" not in source
    assert (path.parent / "report.md").read_text(encoding="utf-8").startswith("# ")
    return page


@pytest.mark.parametrize(
    ("kind", "names"),
    [("segment", ("apple",)), ("segment", ("apple", "pear")), ("detect", ("bottle",)), ("classify", ("ripe", "raw"))],
)
def test_a_finished_run(tmp_path: Path, with_model: Any, kind: Any, names: tuple[str, ...]) -> None:
    run = with_model(make_run(tmp_path / "run", kind=kind, names=names))
    run.record.status = "finished"
    page = check(write_report(run))
    assert "Not measured on real photos" in page.text and "bring labelled photos with --real" in page.text
    assert "What it sees" in page.text and "What it was trained on" in page.text
    assert page.tags.count("img") > 12
    assert "accuracy" not in page.text.lower()  # nothing synthetic is called so
    for word in ("light=deep shade", "Round by round", "AGPL-3.0-or-later", "too dark", "sightsmith build", "training"):
        assert word in page.text
    assert ("By class" in page.text) == (len(names) > 1)


@pytest.mark.parametrize("state", ["empty", "scenes", "pictures", "round 1", "failed", "stopped", "weights gone"])
def test_every_state(tmp_path: Path, with_model: Any, state: str) -> None:
    if state == "empty":
        (tmp_path / "run").mkdir()
        run = RunContext(tmp_path / "run", RunRecord(name="run", request="", created="now"), Settings())
        run.record.status, run.record.error = "failed", "the request is empty"
    else:
        run = make_run(
            tmp_path / "run", rounds=1, generated=state != "scenes", measured=state not in ("scenes", "pictures")
        )
    if state in ("round 1", "failed"):
        with_model(run)
    if state in ("failed", "stopped"):
        run.record.status, run.record.error = state, "the disk is full"
    if state == "stopped":
        run.stop_requested.set()
    page = check(write_report(run))
    expected = {
        "empty": "No model was made. The run failed: the request is empty.",
        "scenes": "No model was made. The run has not come to an end.",
        "pictures": "No model was made.",
        "round 1": "What it sees",
        "failed": "The run failed after this was measured: the disk is full.",
        "stopped": "The run was stopped, so its model was not asked",
        "weights gone": "The weights are not in the run's folder any more",
    }
    assert expected[state] in page.text
    assert ("sightsmith resume run" in page.text) == (state in ("empty", "scenes", "pictures"))
    assert ("img" in page.tags) == (state not in ("empty", "scenes"))


def test_hostile_texts_stay_texts(tmp_path: Path, with_model: Any) -> None:
    run = with_model(make_run(tmp_path / "run", names=(HOSTILE[:70], "b|c`d*"), request=HOSTILE))
    record = run.record
    record.error, record.real = HOSTILE, HOSTILE
    record.engines[HOSTILE] = {"version": HOSTILE, "licence": HOSTILE, "for": HOSTILE, "why": HOSTILE}
    record.lessons = [{"run": HOSTILE, "classes": [HOSTILE], "weak": [HOSTILE], "similar": 0.5}]
    record.rounds[1].focus = [HOSTILE]
    record.settings = {"generator": HOSTILE}
    record.exports = {HOSTILE: {HOSTILE: {"path": HOSTILE}}}
    run.dataset.fail_scene(run.dataset.scenes()[0].id, HOSTILE)
    first = next(iter(run.dataset.samples()))
    run.dataset.update_samples({first.id: {"verdict": "dropped", "reasons": [HOSTILE]}})
    page = check(write_report(run))
    assert page.text.count("<script>alert('1')</script>") > 8 and "49" not in page.text.split("Round by round")[0]
    markdown = (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    assert "<img" not in markdown.replace("\\<img", "").split("Made by")[0]


def test_real_photos_are_shown_and_said(tmp_path: Path, with_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = with_model(make_run(tmp_path / "run"))
    real = evaluation(
        "real_test", 0.5, metric="box_map50", mask_map50=None, mask_map50_95=None, images=37, instances=384,
        intervals={"box_map50": (0.41, 0.56)},
    )  # fmt: skip
    run.record.evaluation["real_test"], run.record.real = real, "/photos"
    photos = [s.model_copy(update={"axes": {}}) for s in run.dataset.samples(verdict="kept") if s.instances][:5]
    sets = Sets("synthetic_val", {"real_test": photos}, [])
    monkeypatch.setattr("tools.metrics.judging.sets_of", lambda _run: sets)
    page = check(write_report(run))
    assert "On 37 real pictures that it never saw, the model finds 70 % of the 384 objects" in page.text
    assert "(box mAP50 0.52, 95 % interval 0.41 to 0.56)" in page.text
    assert "5 of the 5 real pictures" in page.text and "Not measured" not in page.text


def test_writing_twice_gives_the_same_page(tmp_path: Path, with_model: Any) -> None:
    run = with_model(make_run(tmp_path / "run"))
    first = write_report(run).read_bytes()
    assert write_report(run).read_bytes() == first


def test_a_part_that_breaks_does_not_take_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path / "run")
    assert run.record.best is not None
    run.path(run.record.best.weights).write_bytes(b"not weights")
    next(run.folder.glob("images/*.png")).unlink()
    page = check(write_report(run))
    assert "No predictions are shown" in page.text and "What it was trained on" in page.text


def test_a_stop_while_predicting_stops(tmp_path: Path, with_model: Any) -> None:
    run = with_model(make_run(tmp_path / "run"))
    samples = list(run.dataset.samples(split="test"))
    run.stop_requested.set()
    with pytest.raises(Stopped):
        predictions(run, Imprecise(run), "synthetic_test", samples, 0.3)


# Images -------------------------------------------------------------------------------------------------------


def thing(x: int, y: int, side: int, name: str = "apple", masked: bool = True) -> Instance:
    mask = np.zeros((100, 100), bool)
    mask[y : y + side, x : x + side] = True
    return Instance(class_name=name, box=mask_box(mask), counts=encode_mask(mask) if masked else None)


@pytest.mark.parametrize(
    ("truth", "found", "value", "remark"),
    [
        ([], [], 1.0, "rightly left empty"),
        ([], [thing(0, 0, 9)], 0.0, "nothing to find, 1 false alarm"),
        ([thing(0, 0, 9)], [], 0.0, "0 of 1 found"),
        ([thing(0, 0, 10)], [thing(0, 0, 10)], 1.0, "1 of 1 found"),
        ([thing(0, 0, 10)], [thing(0, 0, 10, "pear")], 0.0, "0 of 1 found, 1 false alarm"),
        ([thing(0, 0, 10)], [thing(0, 0, 10), thing(0, 0, 10)], 2 / 3, "1 of 1 found, 1 false alarm"),
        ([thing(0, 0, 10), thing(50, 50, 10)], [thing(0, 0, 10)], 2 / 3, "1 of 2 found"),
        ([thing(0, 0, 10, masked=False)], [thing(0, 0, 9)], 0.81, "1 of 1 found"),
        ([thing(0, 0, 10)], [thing(6, 6, 10)], 0.0, "0 of 1 found, 1 false alarm"),
    ],
)
def test_agreement(truth: list[Instance], found: list[Instance], value: float, remark: str) -> None:
    got, words = agreement(truth, found, 100, 100, 0.5)
    assert got == pytest.approx(value, abs=1e-6) and words == remark


def test_worst_are_worse_than_best(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", images=30)
    samples = list(run.dataset.samples(verdict="kept"))
    seen = predictions(run, Imprecise(run), "synthetic_val", samples, 0.3)
    assert (seen.looked_at, seen.total) == (ASKED, len(samples)) and len(samples) > ASKED
    assert len(seen.best) == len(seen.worst) == 4
    assert min(b.agreement for b in seen.best) == 1.0 > max(w.agreement for w in seen.worst)
    assert [w.agreement for w in seen.worst] == sorted(w.agreement for w in seen.worst)


def test_the_sheet_is_diverse(tmp_path: Path) -> None:
    def sample(number: int, context: str) -> Sample:
        return Sample(
            id=str(number), image="", width=1, height=1, sha256="", family="", engine="", axes={"context": context}
        )

    many = [sample(n, "orchard") for n in range(9)] + [sample(9, "table"), sample(10, "road")]
    assert {s.axes["context"] for s in diverse(many, 3)} == {"orchard", "table", "road"}
    assert len(diverse(many, 99)) == 11 and diverse([], 5) == []
    sheet = contact_sheet(make_run(tmp_path / "run", images=60))
    assert len(sheet) == 24 and sum("nothing to find" in s.caption for s in sheet) <= 3
    assert len({s.src for s in sheet}) == 24


# Texts and charts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "real", "best", "expected", "caution"),
    [
        ("finished", None, True, "synthetic scores only, expect less", True),
        ("finished", 0.5, True, "On 20 real pictures that it never saw, the model finds 70 %", False),
        ("failed", 0.5, True, "The run failed after this was measured", True),
        ("stopped", None, False, "No model was made. The run was stopped.", True),
    ],
)
def test_headline(status: Any, real: float | None, best: bool, expected: str, caution: bool) -> None:
    record = RunRecord(name="r", request="", created="", status=status)
    record.best = Best(round=1, weights="w", threshold=0.3) if best else None
    record.evaluation["real_test"] = None if real is None else evaluation("real_test", real)
    sentence, warning = headline_of(record)
    assert expected in sentence and warning is caution


def test_without_photos_the_headline_tells_what_became_of_things_seen_alike() -> None:
    record = RunRecord(name="r", request="", created="", status="finished", expected=list(MEASURED["alive"]))
    record.best = Best(round=1, weights="w", threshold=0.3)
    assert "dogs in all kinds of scenes 0.80 on renders and 0.01 on 256 photos" in headline_of(record)[0]
    record.evaluation["real_test"] = evaluation("real_test", 0.5)
    assert "dogs" not in headline_of(record)[0]  # its own photos tell more


def test_curves_come_from_the_folder_or_the_events(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    (run.round_folder(2) / "training.json").unlink()
    with run.stage("train"):
        for epoch, loss in ((1, 3.0), (2, 2.0), (2, 2.5)):  # resumed: epoch 2 again
            run.emit("loss", epoch=epoch, epochs=2, loss=loss)
    with (run.folder / "events.jsonl").open("a") as file:
        file.write('{"kind": "lo')  # killed while writing
    losses, scores = curves_of(run)
    assert [len(line.points) for line in losses] == [12, 2] and losses[1].points == [(1, 3.0), (2, 2.5)]
    assert [len(line.points) for line in scores] == [4, 0]


def test_charts() -> None:
    assert line_chart([], "epoch") == "" == line_chart([Line("a", [])], "epoch")
    chart = line_chart([Line("<b>", [(1, 2.0)]), Line("c", [(1, 0.0), (3, 4.2)])], "epoch")
    assert "<b>" not in chart and chart.count("<polyline") == 2 and "nan" not in chart
    heights = [float(y) for y in re.findall(r'<circle[^>]* cy="([\d.]+)"', chart)]
    assert heights[1] < heights[0]  # the larger value is higher up
    assert 'width="40.0"' in interval_bar(0.5, (0.3, 0.7)) and "nan" not in interval_bar(1.2, None)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (48, "48 s"), (200, "3 min 20 s"), (7505, "2 h 05 min"), (59.7, "1 min 00 s")],
)
def test_minutes(seconds: float, words: str) -> None:
    assert minutes(seconds) == words


def test_markdown_is_escaped() -> None:
    assert markdown_text("a|b\n<i>*c*") == "a\\|b \\<i\\>\\*c\\*"


def test_the_command_can_be_pasted(tmp_path: Path) -> None:
    record = RunRecord(name="r", request="it's; rm -rf /", created="", options={"images": 40}, real="/my photos")
    record.settings = {"effort": "quick", "seed": 0, "size_px": 320}
    assert command_of(record) == (
        """sightsmith build 'it'"'"'s; rm -rf /' --effort quick --real '/my photos' --images 40 --size 320 --seed 0"""
    )


def test_facts_say_what_a_lesson_changed(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    run.record.rounds[0].focus = ["distance=far"]
    run.record.lessons = [{"run": "old", "classes": ["apple"], "weak": ["distance=far", "light=sun"]}]
    facts = facts_of(run)
    assert facts.lessons[0]["used"] == ["distance=far"]
    assert facts.slice_notes == ["light=deep shade was aimed at in round 2: 0.20 before, 0.40 after"]
    aimed = {row.name: [aimed for _, aimed in row.cells] for row in facts.slices}
    assert aimed["light=deep shade"] == [False, True] and aimed["distance=far"] == [True, False]
    assert dict(facts.counts)["dropped"] == dict(facts.dropped)["too dark"] == 4
    write_json(tmp_path / "facts.json", json.loads(json.dumps(facts.counts)))


@pytest.mark.parametrize("by_renders", [False, True])
def test_it_is_said_when_renders_kept_a_round(tmp_path: Path, with_model: Any, by_renders: bool) -> None:
    run = with_model(make_run(tmp_path / "run"))
    run.record.rounds[1].by_renders = by_renders
    page = check(write_report(run))
    markdown = (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    assert ("photos could not tell, renders did" in page.text) is by_renders
    assert ("photos could not tell, renders did" in markdown) is by_renders


def test_it_is_said_what_was_taken_for_what_is_looked_for(tmp_path: Path, with_model: Any) -> None:
    run = with_model(make_run(tmp_path / "run"))
    diagnosis = run.record.rounds[0].diagnosis
    assert diagnosis is not None
    diagnosis.mistaken, diagnosis.lookalikes = {"peach": 4, "<i>": 1}, {"peach": 9, "plum": 3}
    run.record.rounds[1].focus += ["lookalike=peach"]
    page = check(write_report(run))
    markdown = (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    assert "Round 1: in rendered pictures, taken for what is looked for: peach (4 of 9), <i> (1 of 1)." in page.text
    assert "peach (4 of 9)" in markdown and "<i>" not in markdown
    assert "lookalike=peach" not in {row.name for row in facts_of(run).slices}  # no score is of it


def test_the_page_is_written_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path / "run", rounds=0)
    page = write_report(run)
    before = page.read_bytes()
    monkeypatch.setattr(module, "_template", lambda _name: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        write_report(run)
    assert page.read_bytes() == before and not list(run.folder.glob(".report*"))


@pytest.mark.parametrize("on", ["real_val", "synthetic_val"])
def test_what_decides_grows_only_when_it_is_rendered(tmp_path: Path, with_model: Any, on: str) -> None:
    run = with_model(make_run(tmp_path / "run"))
    for item in run.record.rounds:
        scores = next(iter(item.scores.values()))
        item.scores = {on: scores.model_copy(update={"on": on})}
    page = check(write_report(run))
    assert ("They grow with every round" in page.text) is (on == "synthetic_val")
    assert ("They are the same in every round" in page.text) is (on == "real_val")
