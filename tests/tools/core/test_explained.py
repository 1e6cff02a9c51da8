"""Every setting is told with its group and its reason, and nothing secret is."""

from tools.core.explained import HIDDEN, explain
from tools.core.settings import Settings, places


def told(environment=None, **values):
    return {t.name: t for t in explain(Settings(**values), environment or {})}


def test_every_setting_has_a_group_and_its_own_reason():
    found = told()
    assert list(found) == list(places())
    assert all(t.group for t in found.values())
    assert found["max_cosine"].reason.startswith("Near-duplicates: greatest cosine to a kept sample.")
    assert found["min_images"].reason.startswith("fewer cannot be split") and found["runs_dir"].reason == ""
    assert found["ray_address"].group.startswith("Where images are made")
    assert found["cutouts_dir"].reason.startswith("RGBA images of single things")  # above it
    assert found["learn_labelled_share"].group == "Learning from photos" and found["seed"].group == "The run"
    assert found["repaint_strength"].reason.startswith("Share of the noise schedule")  # not of the setting above it


def test_most_settings_say_why():
    """What is not explained is a name or a folder that says all."""
    without = [t.name for t in told().values() if not t.reason]
    assert len(without) < len(told()) / 3, without


def test_a_secret_is_never_shown_and_the_environment_is_named(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("SIGHTSMITH_SEED", "7")
    found = {t.name: t for t in explain(Settings())}
    assert (found["openai_api_key"].value, found["openai_api_key"].source) == (HIDDEN, "environment")
    assert (found["seed"].value, found["seed"].source, found["seed"].variable) == (
        "7",
        "environment",
        "SIGHTSMITH_SEED",
    )
    assert found["size_px"].source == "default" and "sk-very" not in repr(found)
