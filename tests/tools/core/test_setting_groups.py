"""Settings by group, by flat name and by variable of the environment; records of before and of now."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from agent.cli import app as cli
from agent.run_folder import open_run
from tests.pipeline import new_run
from tools.core.setting_groups import ServiceSettings
from tools.core.settings import Settings, flat, grouped, places
from tools.runs.runtime import read_record


# Variables are what people have written into their units and images: none may change.
@pytest.mark.parametrize(
    ("variable", "text", "flat_name", "value"),
    [
        ("SIGHTSMITH_SEED", "7", "seed", 7),
        ("SIGHTSMITH_RUNS_DIR", "elsewhere", "runs_dir", Path("elsewhere")),
        ("SIGHTSMITH_RAY_ADDRESS", "head:6379", "ray_address", "head:6379"),
        ("SIGHTSMITH_LLM", "offline", "llm", "offline"),  # a group of that name holds others
        ("SIGHTSMITH_LLM_TIMEOUT_S", "5", "llm_timeout_s", 5.0),
        ("SIGHTSMITH_OPENAI_DEFAULT", "small", "openai_default", "small"),
        ("OPENAI_MODEL", "large", "openai_model", "large"),
        ("SIGHTSMITH_MAX_IMAGES", "50", "max_images", 50),
        ("SIGHTSMITH_ESTIMATE_RENDER_S", "2", "estimate_render_s", 2.0),
        ("SIGHTSMITH_RENDER_SAMPLES", "9", "render_samples", 9),
        ("SIGHTSMITH_MODEL_LIBRARIES", "a:b", "model_libraries", "a:b"),
        ("SIGHTSMITH_MODELS_DIR", "m", "models_dir", Path("m")),
        ("SIGHTSMITH_IMAGE_REQUESTS_PER_MINUTE", "2", "image_requests_per_minute", 2.0),
        ("SIGHTSMITH_MIN_REPAINT_AGREEMENT", "0.5", "min_repaint_agreement", 0.5),
        ("SIGHTSMITH_DESCRIBE_ATTEMPTS", "4", "describe_attempts", 4),
        ("SIGHTSMITH_CLIP_MAX_COSINE", "0.9", "clip_max_cosine", 0.9),
        ("SIGHTSMITH_MAX_COSINE", "0.8", "max_cosine", 0.8),
        ("SIGHTSMITH_SPLIT_PICTURES_CLASSIFY", "8", "split_pictures_classify", 8),
        ("SIGHTSMITH_PHRASES", '{"apple": ["a fruit"]}', "phrases", {"apple": ["a fruit"]}),
        ("SIGHTSMITH_CLASS_MAP", '{"frucht": "apple"}', "class_map", {"frucht": "apple"}),
        ("SIGHTSMITH_EVALUATION_CONFIDENCE", "0.01", "evaluation_confidence", 0.01),
        ("SIGHTSMITH_CHROMA_HOST", "db:8000", "chroma_host", "db:8000"),
        ("SIGHTSMITH_UI_USERS", '["@example.org"]', "ui_users", ["@example.org"]),
        ("SIGHTSMITH_SERVICE_QUEUE", "3", "service_queue", 3),
        ("sightsmith_service_batch", "2", "service_batch", 2),  # in any case
        ("SIGHTSMITH_LABEL_VIEWS", "6", "label_views", 6),
        ("SIGHTSMITH_LABEL_HALF", "false", "label_half", False),
        ("SIGHTSMITH_STARTER_CONFIDENCE", "0.2", "starter_confidence", 0.2),
        ("SIGHTSMITH_DOUBT_SHARE", "0.4", "doubt_share", 0.4),
        ("SIGHTSMITH_PSEUDO_CONFIDENCE", "0.6", "pseudo_confidence", 0.6),
        ("SIGHTSMITH_EPOCHS", "4", "epochs", 4),
        ("SIGHTSMITH_CONFIDENCE", "0.3", "confidence", 0.3),
    ],
)  # fmt: skip
def test_a_variable_sets_one_setting_wherever_it_stands(monkeypatch, variable, text, flat_name, value):
    before = Settings()
    monkeypatch.setenv(variable, text)
    settings = Settings()
    assert settings.value(flat_name) == value and flat_name in settings.given
    assert {n for n in places() if settings.value(n) != before.value(n)} == {flat_name}
    place = places()[flat_name]
    assert getattr(getattr(settings, place.group) if place.group else settings, place.field) == value


def test_flat_names_groups_and_the_environment_meet(monkeypatch):
    monkeypatch.setenv("SIGHTSMITH_SERVICE_QUEUE", "3")
    monkeypatch.setenv("SIGHTSMITH_SERVICE_BATCH", "4")
    settings = Settings(service_batch=5, service={"replicas": 2}, llm="offline", llm_retries=1)
    assert (settings.service.queue, settings.service.batch, settings.service.replicas) == (3, 5, 2)
    assert (settings.llm.name, settings.llm.retries) == ("offline", 1)
    assert Settings(service=ServiceSettings(queue=9)).service.queue == 9
    with pytest.raises(ValueError, match="service is a group"):
        Settings(service=3)


def test_flat_and_grouped_lead_to_each_other():
    written = Settings(label_views=6, llm="offline").written()
    assert grouped(flat(written)) == written and Settings(**flat(written)) == Settings(**written)
    assert set(flat(written)) == set(places()) - set(Settings.secret_variables().values())


def test_a_copy_shares_no_group_and_knows_its_names():
    one = Settings()
    other = one.model_copy(update={"label_views": 6, "seed": 2})
    other.change(service_queue=1)
    assert (one.label.views, one.seed, one.service.queue) == (1, 0, 64)
    assert {"label_views", "seed", "service_queue"} <= other.given - one.given
    with pytest.raises(KeyError):
        one.model_copy(update={"label_vews": 6})


@pytest.mark.parametrize(
    ("variable", "text", "words"),
    [
        ("SIGHTSMITH_SERVICE_QUEUE", "x", "service_queue (SIGHTSMITH_SERVICE_QUEUE): Input should be a valid"),
        ("SIGHTSMITH_SEED", "-1", "seed (SIGHTSMITH_SEED): Input should be greater"),
        ("SIGHTSMITH_MIN_REPAINT_AGREEMENT", "7", "min_repaint_agreement (SIGHTSMITH_MIN_REPAINT_AGREEMENT): Input"),
        ("SIGHTSMITH_UI_USERS", "me", "ui_users (SIGHTSMITH_UI_USERS): Value error, must be JSON"),
        ("SIGHTSMITH_LLM_PRICE", "0.4", "llm_price (SIGHTSMITH_LLM_PRICE): Value error, must be two numbers"),
        ("SIGHTSMITH_LLM_PRICE", "cheap", "llm_price (SIGHTSMITH_LLM_PRICE): Value error, must be two numbers"),
        ("SIGHTSMITH_UI_USERS", "[{}]", "ui_users.0 (SIGHTSMITH_UI_USERS): Input should be a valid string"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_variable(monkeypatch, variable, text, words):
    monkeypatch.setenv(variable, text)
    with pytest.raises(ValidationError):
        Settings()
    result = CliRunner().invoke(cli.app, ["settings"])
    assert result.exit_code == 2 and words in result.stderr


def test_a_run_of_before_is_opened_changed_and_kept_in_groups(tmp_path):
    run = new_run(tmp_path / "old", label_views=6, service_queue=3)
    run.save()
    file = run.folder / "run.json"
    record = json.loads(file.read_text())
    before = flat(run.settings.written()) | {"image_base_url": "http://me:secret@host/v1", "gone_since": 1}
    file.write_text(json.dumps(record | {"settings": before}))
    again = open_run(run.folder, llm="offline", changes={"engine": "ray"})
    assert (again.settings.label.views, again.settings.service.queue, again.settings.size_px) == (6, 3, 96)
    assert (again.settings.llm.name, again.settings.cluster.engine) == ("offline", "ray")
    assert again.settings.llm.timeout_s == 60 and again.settings.image.base_url is None
    again.change_settings(generator="blender", effort="quick")
    again.save()
    written = json.loads(file.read_text())["settings"]
    assert "secret" not in str(written) and "label_views" not in written
    assert (written["label"]["views"], written["generation"]["generator"], written["effort"]) == (6, "blender", "quick")
    assert (again.settings.generation.generator, read_record(run.folder).settings) == ("blender", written)
