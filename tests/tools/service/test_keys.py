"""Keys on disk and in the command line."""

import json
import stat

import pytest
from typer.testing import CliRunner

from agent.cli import app as cli
from tools.core.errors import FixArguments, StepFailed
from tools.service.keys import Keys


def test_a_key_is_shown_once_and_kept_as_a_hash_that_only_its_owner_can_read(tmp_path):
    keys = Keys(tmp_path / "deep" / "keys.json")
    secret = keys.add("me")
    assert secret not in keys.path.read_text()
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600
    assert keys.find(secret).name == "me"
    for wrong in ("", secret[:-1], secret + "x", keys.all()[0].sha256, "\ud800"):
        assert keys.find(wrong) is None


def test_another_process_s_changes_are_noticed(tmp_path):
    keys, other = Keys(tmp_path / "keys.json"), Keys(tmp_path / "keys.json")
    secret = keys.add("me")
    assert other.find(secret) is not None
    keys.remove("me")
    assert other.find(secret) is None


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 80, "ключ", "-x"])
def test_names_that_cannot_be(tmp_path, name):
    with pytest.raises(FixArguments, match="cannot name a key"):
        Keys(tmp_path / "keys.json").add(name)


def test_a_name_is_taken_once_and_damaged_is_not_empty(tmp_path):
    keys = Keys(tmp_path / "keys.json")
    keys.add("me")
    with pytest.raises(FixArguments, match="already"):
        keys.add("me")
    with pytest.raises(FixArguments, match="no key"):
        keys.remove("you")
    keys.path.write_text(json.dumps([{"name": "me"}]))
    with pytest.raises(StepFailed, match="cannot be read"):
        Keys(keys.path).all()


def test_the_command_line(tmp_path):
    def run(*arguments):
        return CliRunner().invoke(cli.app, ["keys", *arguments, "--keys", str(tmp_path / "keys.json")])

    secret = run("add", "me").stdout.strip()
    assert run("add", "boss", "--admin").exit_code == 0
    assert Keys(tmp_path / "keys.json").find(secret).role == "use"
    assert [line.split("\t")[:2] for line in run("list").stdout.splitlines()] == [["me", "use"], ["boss", "admin"]]
    assert run("remove", "me").exit_code == 0
    assert Keys(tmp_path / "keys.json").find(secret) is None
