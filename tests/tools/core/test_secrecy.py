"""What is secret by its type, and that its value reaches no text."""

import logging
import pickle
import sys

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from tests.pipeline import new_run
from tools import cluster
from tools.core import secrecy
from tools.core.secrecy import QuietFormatter, hide, hide_in, redact, shown
from tools.core.settings import Settings, kept_settings, places

PASSWORD, KEY = "hunter2pass", "qwertz-key-4711"
URL = f"http://owner:{PASSWORD}@127.0.0.1:9/v1"


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    monkeypatch.setattr(secrecy, "_known", set())


@pytest.fixture
def told(monkeypatch):
    """Every secret setting is set, by its variable; the names are those of the types, not of a list."""
    for variable, name in Settings.secret_variables().items():
        monkeypatch.setenv(variable, URL if name.endswith("url") else KEY)
    return Settings()


def test_keys_and_addresses_of_services_are_secret_by_type():
    secret = set(Settings.secret_variables().values())
    assert {"openai_api_key", "image_api_key", "openai_base_url", "image_base_url", "vlm_base_url"} <= secret
    loose = [n for n in places() if n.endswith(("_url", "_key", "_token", "_password"))]
    assert set(loose) == secret  # a new one must be of the type too


def _secrets_in(model, path=()):
    """Every field of a secret type, at any depth."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _secrets_in(field.annotation, (*path, name))
        elif "SecretStr" in str(field.annotation):
            yield (*path, name)


def test_no_secret_of_a_group_is_overlooked(told):
    found = {(p.group, p.field) for p in places().values() if p.secret}
    assert found == set(_secrets_in(Settings)) and len(found) == len(Settings.secret_variables())
    for group, field in found:
        assert getattr(getattr(told, group), field).get_secret_value() in (URL, KEY)
        assert field not in told.written()[group] and getattr(getattr(told.without_secrets(), group), field) is None
        assert getattr(getattr(told, group), field) is not None  # of the copy alone


def test_what_a_record_of_before_holds_of_secrets_is_dropped():
    before = {"image_base_url": URL, "vlm": {"base_url": URL, "model": "sees"}, "seed": 3}
    assert kept_settings(before) == {"image": {}, "vlm": {"model": "sees"}, "seed": 3}


def test_no_secret_is_written_down_or_sent_to_a_worker(told, tmp_path):
    run = new_run(tmp_path, **{name: SecretStr(URL) for name in Settings.secret_variables().values()})
    order = cluster.Order.of(run)
    for text in (repr(told), str(told.written()), told.model_dump_json(), repr(order), str(pickle.dumps(order))):
        assert PASSWORD not in text and KEY not in text and "127.0.0.1:9" not in text
    again = Settings(**told.written())
    assert again.vlm.base_url.get_secret_value() == URL  # read from the environment each time


@pytest.mark.parametrize("name", ["ray_address", "chroma_host"])
def test_an_address_that_is_kept_with_a_run_holds_no_password(name):
    assert Settings(**{name: "machine:8000"}).value(name) == "machine:8000"
    for wrong in (f"owner:{PASSWORD}@machine:8000", f"ray://owner:{PASSWORD}@machine:8000"):
        with pytest.raises(ValidationError, match="neither user nor password") as caught:
            Settings(**{name: wrong})
        assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f"cannot reach {URL}", f"http://a:b@{PASSWORD}@host/x", f"password {PASSWORD}!", f"key={KEY}",
        f"Authorization: Bearer {KEY}", f"{{'api_key': '{KEY}'}}",
    ],
)  # fmt: skip
def test_known_values_are_taken_out_of_texts(told, text):
    for clean in (hide(text), redact(text), hide_in({"a": [text]})["a"][0]):
        assert PASSWORD not in clean and KEY not in clean


@pytest.mark.parametrize(
    "text",
    ["segment key-chains", "see http://host/page?mail=me@home", "a passage", "apples, pears", "127.0.0.1:9"],
)  # fmt: skip
def test_other_texts_stay(told, text):
    assert hide(text) == text


@pytest.mark.parametrize("key", ["none", "x", "EMPTY", "ollama"])
def test_what_stands_for_no_key_hides_nothing(monkeypatch, key):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    Settings()
    assert hide(f"a model of {key}") == f"a model of {key}"


def test_an_address_is_shown_without_what_is_secret_in_it():
    assert shown(f"https://owner:{PASSWORD}@host:8000/v1?api-key=abcdefgh#x") == "https://***@host:8000/v1"


def test_logs_and_tracebacks_hold_no_secret(told, capsys):
    try:
        raise ValueError(f"bad {URL} and {KEY}")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "asked %s", (URL,), sys.exc_info())
        secrecy.print_quietly(*sys.exc_info())
    for text in (QuietFormatter().format(record), capsys.readouterr().err):
        assert "ValueError" in text and PASSWORD not in text and KEY not in text


def test_what_a_run_keeps_of_errors_and_events_holds_no_secret(told, tmp_path):
    run = new_run(tmp_path)
    run.record.error, run.record.chosen = f"no answer from {URL}", {"scorer": f"pixels, because of {KEY}"}
    run.emit("warning", text=f"{KEY} at {URL}")
    run.save()
    kept = (run.folder / "run.json").read_text() + (run.folder / "events.jsonl").read_text() + run.record.error
    assert PASSWORD not in kept and KEY not in kept
