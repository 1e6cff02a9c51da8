"""Photos in words: only what fits the schema counts, what does not is sent back once, refusals and costs are told."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from agent.cli.app import app
from tests.tools.vision_service import VisionService
from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import Settings
from tools.data.images import write_image
from tools.label.describe import Description, asked_folder, describe_photos, parse, read_examples
from tools.models import vision
from tools.models.vision import VisionModel

GOOD = {
    "objects": [{"id": "o1", "name": "dog", "attributes": ["brown"], "box": [0.1, 0.2, 0.5, 0.9]},
                {"id": "o2", "name": "ball", "attributes": [], "box": None}],
    "relations": [{"subject": "o1", "relation": "in front of", "object": "o2"}],
    "actions": [{"actor": "o1", "action": "catching", "target": "o2"}],
}  # fmt: skip


@pytest.fixture
def service(monkeypatch):
    monkeypatch.setattr(vision, "BACKOFF_S", 0.0)
    made = []

    def start(*answers):
        waiting = list(answers)
        made.append(VisionService(lambda _seen, _text: waiting.pop(0) if len(waiting) > 1 else waiting[0]))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for k in range(3):
        write_image(folder / f"{k}.png", np.random.default_rng(k).integers(0, 256, (24, 32, 3), np.uint8))
    return folder


def settings(tmp_path, server, **options):
    values = {"vlm_model": "sees", "vlm_price": 0.1, "vlm_base_url": server.url, "vlm_attempts": 1,
              "runs_dir": tmp_path / "runs"}  # fmt: skip
    return Settings(**values | options)


def describe(tmp_path, photos, server, cap=1.0, **options):
    chosen = settings(tmp_path, server)
    model = VisionModel(chosen, asked_folder([photos], chosen), cap)
    try:
        return describe_photos([photos], tmp_path / "out", model, chosen, **options)
    finally:
        model.close()


def test_what_fits_the_schema_is_kept_and_paid_for_once(tmp_path, photos, service):
    server = service(json.dumps(GOOD))
    done = describe(tmp_path, photos, server, classes=["dog", "ball"])
    assert done.plain()["described"] == 3 and done.plain()["cost_usd"] == pytest.approx(0.3)
    assert done.plain()["objects"] == {"dog": 3, "ball": 3}
    written = json.loads((tmp_path / "out/descriptions.json").read_text())
    assert written["photos"][0]["description"] == json.loads(Description.model_validate(GOOD).model_dump_json())
    assert "dog, ball" in server.asked[0][1] and "{{" not in server.asked[0][1]
    again = describe(tmp_path, photos, server, classes=["dog", "ball"])
    assert len(server.asked) == 3 and again.plain()["described"] == 3 and again.out == tmp_path / "out"


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (json.dumps(GOOD), None),
        ("Here it is:\n```json\n" + json.dumps(GOOD) + "\n```\nI hope that helps.", None),
        ("Sure! " + json.dumps(GOOD) + " Anything else?", None),
        (json.dumps(GOOD)[:-1], None),  # an end that is missing
        ("I'm sorry, I can't help with identifying people.", "no JSON object"),
        ("[]", "no JSON object"),
        (json.dumps(GOOD | {"mood": "happy"}), "mood"),
        (json.dumps({"objects": [{"id": "o1"}]}), "objects.0.name"),
        (json.dumps(GOOD | {"relations": [{"subject": "o1", "relation": "on", "object": "o9"}]}), "o9"),
        (json.dumps(GOOD | {"objects": GOOD["objects"] + GOOD["objects"][:1]}), "two objects: o1"),
        (json.dumps({"objects": [{"id": "o1", "name": "dog", "box": [0.5, 0.2, 0.1, 0.9]}]}), "left < right"),
        (json.dumps({"objects": [{"id": "o1", "name": "dog", "box": [10, 20, 300, 400]}]}), "0..1"),
    ],
)
def test_an_answer_is_read_or_what_is_wrong_with_it_is_named(answer, wrong):
    if wrong is None:
        assert parse(answer).objects[0].name == "dog"
    else:
        with pytest.raises(ValueError, match=wrong):
            parse(answer)


def test_a_wrong_answer_is_sent_back_with_what_is_wrong(tmp_path, photos, service):
    wrong = json.dumps(GOOD | {"relations": [{"subject": "o1", "relation": "on", "object": "o9"}]})
    server = service(wrong, json.dumps(GOOD))
    done = describe(tmp_path, photos / "0.png", server)
    assert done.plain()["repaired"] == 1 and done.plain()["cost_usd"] == pytest.approx(0.2)
    assert "o9" in server.asked[1][1] and wrong[:50] in server.asked[1][1]


def test_a_refusal_is_told_and_the_rest_goes_on(tmp_path, photos, service):
    sorry = "I'm sorry, I can't help with that."
    server = service(sorry, sorry, json.dumps(GOOD))
    done = describe(tmp_path, photos, server)
    assert (done.plain()["refused"], done.plain()["described"]) == (1, 2)
    refused = next(p for p in done.photos if p["state"] == "refused")
    assert refused["said"] == sorry and refused["asked"] == 2


def test_no_more_is_spent_than_allowed(tmp_path, photos, service):
    server = service(json.dumps(GOOD))
    done = describe(tmp_path, photos, server, cap=0.2)
    assert (done.plain()["described"], done.plain()["not_asked"], len(server.asked)) == (2, 1, 2)
    assert "$0.20" in done.plain()["stopped"] and done.plain()["cost_usd"] == pytest.approx(0.2)


def test_nothing_described_is_no_success(tmp_path, photos, service):
    with pytest.raises(StepFailed, match="none of the 3 photos"):
        describe(tmp_path, photos, service("no"))
    with pytest.raises(StepFailed, match="401"):
        describe(tmp_path / "other", photos, service(401))


def test_without_a_model_nothing_is_asked(tmp_path, photos, service):
    chosen = settings(tmp_path, service(""), vlm_model=None)
    with pytest.raises(FixArguments, match="SIGHTSMITH_VLM_MODEL"):
        describe_photos([photos], tmp_path / "out", VisionModel(chosen, tmp_path, 1.0), chosen)


def test_a_persons_examples_are_shown_first(tmp_path, photos, service):
    shown = tmp_path / "shown"
    write_image(shown / "mine.png", np.zeros((16, 16, 3), np.uint8))
    (shown / "mine.json").write_text(json.dumps(GOOD))
    server = service(json.dumps(GOOD))
    done = describe(tmp_path, photos / "0.png", server, examples=read_examples(shown))
    assert done.plain()["described"] == 1
    user, assistant = server.shown[0]
    assert user["content"][1]["type"] == "image_url" and parse(assistant["content"]).objects[0].name == "dog"


@pytest.mark.parametrize(
    ("text", "said"), [(None, "dog.jpg and dog.json"), ("{}", "objects"), ("\xff", "mine.json")],
)  # fmt: skip
def test_examples_that_cannot_be_used_are_named(tmp_path, text, said):
    write_image(tmp_path / "mine.png", np.zeros((16, 16, 3), np.uint8))
    if text is not None:
        (tmp_path / "mine.json").write_text(text, encoding="latin-1")
    with pytest.raises(FixArguments, match=said):
        read_examples(tmp_path)


def test_the_command_prints_counts_and_cost(tmp_path, photos, service, monkeypatch):
    monkeypatch.setenv("SIGHTSMITH_VLM_BASE_URL", service(json.dumps(GOOD)).url)
    flags = ["--model", "sees", "--price", "0", "--out", str(tmp_path / "out"), "--runs-dir", str(tmp_path / "runs")]
    result = CliRunner().invoke(app, ["describe", str(photos), *flags, "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["described"] == 3 and json.loads(result.stdout)["cost_usd"] == 0
