"""A vision model is asked through the real client: what it says counts, what it costs is written down first."""

import json

import numpy as np
import pytest

from tests.tools.steps.test_annotate import _engine, _worded
from tests.tools.vision_service import VisionService
from tools.annotators.vlm_review import draw, parse
from tools.core.errors import StepFailed
from tools.core.settings import Settings
from tools.data.sample import Instance
from tools.models import vision
from tools.models.vision import OutOfMoney, VisionModel
from tools.scorers.clis import VlmJudge
from tools.steps.annotate import annotate
from tools.steps.score import score

YES = json.dumps({"all_right": True, "none_missed": True, "all_fit": True})
IMAGE = np.full((32, 48, 3), (200, 40, 40), np.uint8)


@pytest.fixture
def service(monkeypatch):
    monkeypatch.setattr(vision, "BACKOFF_S", 0.0)
    made = []

    def start(answer):
        made.append(VisionService(answer))
        return made[-1]

    yield start
    for one in made:
        one.close()


def _model(tmp_path, service, cap=1.0, **options):
    values = {"vlm_model": "sees", "vlm_price": 0.1, "vlm_base_url": service.url, "openai_api_key": "sk-secret"}
    return VisionModel(Settings(**values | options), tmp_path, cap)


def test_a_question_is_asked_paid_for_and_kept(tmp_path, service):
    server = service(lambda seen, text: f"{seen.shape} {text}")
    model = _model(tmp_path, server)
    assert model.ask(IMAGE, "what?") == "(32, 48, 3) what?"
    assert abs(server.asked[0][0].mean((0, 1)) - IMAGE.mean((0, 1))).max() < 4  # the colours are in their order
    assert server.keys == ["Bearer sk-secret"]
    assert model.ask(IMAGE, "what?") == _model(tmp_path, server).ask(IMAGE, "what?")  # also after a kill
    assert len(server.asked) == 1
    assert model.ledger.spent_usd == 0.1
    assert "sk-secret" not in "".join(p.read_text() for p in tmp_path.rglob("*.json*"))


@pytest.mark.parametrize(
    ("answers", "said", "asked", "spent"),
    [
        ([503, "yes"], "yes", 2, 0.1),  # a refusal costs nothing
        (["", "yes"], "yes", 2, 0.2),  # an empty answer is paid for
        ([b"{half", "yes"], "yes", 2, 0.2),
        ([401, "yes"], None, 1, 0.0),  # no further attempt can succeed
        ([500, 500, 500, "yes"], None, 3, 0.0),
    ],
)
def test_faults(tmp_path, service, answers, said, asked, spent):
    script = list(answers)
    server = service(lambda _seen, _text: script.pop(0))
    model = _model(tmp_path, server)
    if said is None:
        with pytest.raises(StepFailed, match="sees gave no answer"):
            model.ask(IMAGE, "what?")
    else:
        assert model.ask(IMAGE, "what?") == said
    assert (len(server.asked), model.ledger.spent_usd) == (asked, pytest.approx(spent))


def test_an_answer_that_never_ends_is_given_up_and_may_have_cost(tmp_path, service, monkeypatch):
    limits = []

    def drips(ask, seconds):
        limits.append(seconds)
        raise TimeoutError

    monkeypatch.setattr(vision, "in_time", drips)
    model = _model(tmp_path, service(lambda *_: "yes"), vlm_timeout_s=100, vlm_attempts=2)
    with pytest.raises(StepFailed, match="no whole answer came within 200 s"):
        model.ask(IMAGE, "what?")
    assert limits == [200, 200]
    assert model.ledger.spent_usd == pytest.approx(0.2)


def test_the_cap_is_never_passed(tmp_path, service):
    server = service(lambda _seen, _text: "yes")
    model = _model(tmp_path, server, cap=0.25)
    for number in range(2):
        model.ask(IMAGE, str(number))
    with pytest.raises(OutOfMoney, match=r"\$0.20 of the \$0.25"):
        model.ask(IMAGE, "2")
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"vlm_model": None}, "no vision model is named"),
        ({"vlm_price": None}, "SIGHTSMITH_VLM_PRICE"),
        ({"vlm_base_url": None, "openai_api_key": None}, "OPENAI_API_KEY"),
        ({}, None),
    ],
)
def test_what_is_missing_is_said(tmp_path, service, options, sentence):
    said = _model(tmp_path, service(lambda *_: ""), **options).unavailable()
    assert said is None if sentence is None else sentence in said


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (YES, [True, True, True]),
        (f"Sure!\n```json\n{YES.replace('true', 'false', 1)}\n```", [False, True, True]),
        ('{"all_right": true}', None),
        ('{"all_right": "yes", "none_missed": true, "all_fit": true}', None),
        ("no", None),
        ("{", None),
    ],
)
def test_parse(answer, expected):
    found = parse(answer)
    assert (None if found is None else list(found.values())) == expected


def test_boxes_are_drawn_where_they_are():
    seen = draw(np.zeros((64, 64, 3), np.uint8), [Instance(class_name="apple", box=(16, 16, 48, 48))])
    assert seen.shape == (512, 512, 3)
    assert tuple(seen[300, 128]) == tuple(seen[300, 384]) == tuple(seen[384, 300]) == (255, 40, 40)
    assert not seen[300, 300].any()


def test_images_with_a_no_are_dropped_and_the_reason_is_said(tmp_path, service):
    answers = {}

    def answer(seen, _text):
        answers[len(answers)] = no = len(answers) % 3 == 0
        return YES.replace('"none_missed": true', '"none_missed": false') if no else YES

    server = service(answer)
    run = _worded(tmp_path, vlm_model="sees", vlm_price=0.01, vlm_base_url=server.url)
    run.task.budget.money = 5.0
    report = json.loads(annotate(run, _engine(run)))
    reason = "the vision model says: an object has no box"
    dropped = [s for s in run.dataset.samples(verdict="dropped") if s.reasons == [reason]]
    assert len(dropped) == sum(answers.values()) > 0
    assert report["pictures_dropped"][reason] == len(dropped)
    assert f"{len(answers)} pictures reviewed by sees" in report["review"]
    assert run.record.totals["money"] == pytest.approx(0.01 * len(answers))
    assert all("apple" in text or "lemon" in text for _, text in server.asked)


def test_without_money_labels_stay_and_it_is_said(tmp_path, service):
    server = service(lambda _seen, _text: YES)
    run = _worded(tmp_path, vlm_model="sees", vlm_price=0.01, vlm_base_url=server.url)
    run.task.budget.money = 0.03
    report = json.loads(annotate(run, _engine(run)))
    assert len(server.asked) == 3
    assert "3 pictures reviewed" in report["review"]
    assert "$0.03 of the $0.03" in report["review"]
    assert sum(report["labels"].values()) > 3


@pytest.mark.parametrize(
    ("answer", "number"), [("85", 85), ("85/100", 85), ("Score: 7.", 7), ("100 %", 100), ("many", None), ("250", None)]
)
def test_the_judge_gives_a_number(tmp_path, service, answer, number):
    server = service(lambda _seen, _text: answer)
    judge = VlmJudge(_model(tmp_path, server))
    if number is None:
        with pytest.raises(StepFailed, match="SIGHTSMITH_CLIS_JUDGE"):
            judge.judge([IMAGE], ["a red wall"])
    else:
        assert judge.judge([IMAGE], ["a red wall"]) == [number]
    assert "a red wall" in server.asked[0][1]


def test_clis_is_judged_by_what_the_model_sees(tmp_path, service):
    """It likes every other image; the rest is dropped, and no CLIP is needed."""

    def answer(seen, _text):
        return "90" if len(server.asked) % 2 else "10"

    server = service(answer)
    run = _worded(tmp_path, scorer="clis", clis_judge="vlm", vlm_model="sees", vlm_price=0.001, vlm_base_url=server.url)
    run.task.budget.money = 5.0
    report = json.loads(score(run))
    made = list(run.dataset.samples())
    low = [s for s in made if s.scores["clis_image"] < 0.45]
    assert report["dropped_for"] == {"does not show what was asked for": len(low)}
    assert len(low) == len(made) // 2
    assert run.record.totals["money"] == pytest.approx(0.001 * len(server.asked))
