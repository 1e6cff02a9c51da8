"""`sightsmith settings`."""

import json

from typer.testing import CliRunner

from agent.cli import app as cli


def said(*arguments):
    result = CliRunner().invoke(cli.app, ["settings", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_settings_are_found_by_a_word_of_their_name_or_group(monkeypatch):
    monkeypatch.setenv("SIGHTSMITH_MAX_COSINE", "0.9")
    text = said("cosine")
    assert "SIGHTSMITH_MAX_COSINE=0.9  (from the environment)" in text and "Near-duplicates" in text
    assert "SIGHTSMITH_SEED" not in text
    assert "SIGHTSMITH_LEARN_ROUNDS" in said("learning")
    assert [t["name"] for t in json.loads(said("--changed", "--json"))] == [
        "max_cosine",
        "memory_dir",
    ]  # the suite sets one


def test_nothing_changed_is_said(monkeypatch):
    for name in list(__import__("os").environ):
        if name.startswith(("SIGHTSMITH_", "OPENAI_")):
            monkeypatch.delenv(name)
    assert "every setting is at its default" in said("--changed")


def test_a_word_that_no_setting_has_is_refused():
    result = CliRunner().invoke(cli.app, ["settings", "zorb"])
    assert result.exit_code == 2 and "zorb" in result.output
