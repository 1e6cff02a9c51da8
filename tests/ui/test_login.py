"""A login that is set up is asked for, and nothing is drawn before; where it cannot be asked for nobody comes in."""

from pathlib import Path

import pytest
import streamlit as st
from streamlit import config
from streamlit.runtime.secrets import Secrets
from streamlit.testing.v1 import AppTest

import ui
from tests.ui.conftest import words
from tests.waiting import LONG_S
from ui.login import may_use

AUTH = {
    "redirect_uri": "http://127.0.0.1:8501/oauth2callback", "cookie_secret": "x" * 32, "client_id": "us",
    "client_secret": "y", "server_metadata_url": "http://127.0.0.1:9/.well-known/openid-configuration",
}  # fmt: skip


@pytest.fixture
def opened(run, monkeypatch):
    """The whole app in a session of somebody; there is one run."""

    def app(user, secrets=None, installed=True):
        monkeypatch.setattr("ui.login.importlib.util.find_spec", lambda name: object() if installed else None)
        test = AppTest.from_file(str(Path(ui.__file__).with_name("app.py")), default_timeout=LONG_S)
        test.session_state["language"] = "en"
        if secrets is not None:
            test.secrets["auth"] = secrets
        test.user = user
        return test.run()

    return app


def is_inside(test):
    return "What should be recognised?" in words(test)


def labels(test):
    return [b.label for b in test.button]


def test_without_a_login_set_up_everyone_is_in(opened):
    test = opened({})
    assert is_inside(test)
    assert "Log out" not in labels(test)


def test_nothing_is_served_before_the_login(opened):
    test = opened({"is_logged_in": False}, AUTH)
    assert labels(test) == ["Log in"]
    assert not test.selectbox and not test.chat_input and not test.get("file_uploader")
    assert "apples" not in words(test)
    assert not is_inside(test)


def test_who_logged_in_is_let_in_and_can_leave(opened):
    test = opened({"is_logged_in": True, "email": "ann@example.org"}, AUTH)
    assert is_inside(test)
    assert "Log out" in labels(test)


def test_who_is_not_on_the_list_is_refused(opened, monkeypatch):
    monkeypatch.setenv("SIGHTSMITH_UI_USERS", '["ann@example.org"]')
    test = opened({"is_logged_in": True, "email": "<b>eve@example.org"}, AUTH)
    assert labels(test) == ["Log out"]
    assert "&lt;b&gt;eve@example.org is not among" in words(test)


def test_without_the_package_nobody_comes_in(opened):
    test = opened({"is_logged_in": False}, AUTH, installed=False)
    assert not test.button
    assert "Authlib" in words(test)


@pytest.fixture
def broken_secrets(tmp_path, monkeypatch):
    path = tmp_path / "secrets.toml"
    path.write_text("[auth\n")
    before = config.get_option("secrets.files")
    config.set_option("secrets.files", [str(path)])
    monkeypatch.setattr(st, "secrets", Secrets())  # has read nothing yet
    yield path
    config.set_option("secrets.files", before)


def test_secrets_that_cannot_be_read_open_no_door(opened, broken_secrets):
    test = opened({})
    assert "cannot be read" in words(test)
    assert not test.button
    assert not is_inside(test)


@pytest.mark.parametrize(
    ("email", "verified", "users", "allowed"),
    [
        ("ann@example.org", True, [], True),
        ("", None, [], True),
        ("Ann@Example.org", None, ["ann@example.org"], True),
        ("bob@lab.example.org", True, ["@lab.example.org"], True),
        ("bob@evil-lab.example.org", True, ["@lab.example.org"], False),
        ("bob@lab.example.org.evil.net", True, ["@lab.example.org"], False),
        ("ann@example.org", False, ["ann@example.org"], False),
        ("", True, ["ann@example.org"], False),
        ("example.org", True, ["@example.org"], False),
    ],
)
def test_the_list_of_users(email, verified, users, allowed):
    assert may_use(email, verified, users) is allowed
