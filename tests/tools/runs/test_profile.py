"""What is taken on which machine, that the user's word counts, and that falling back loses nothing."""

import socket
import threading

import pytest

from tests.pipeline import new_run
from tests.tools import checkpoints
from tests.tools.colours import ColourEmbedder
from tests.waiting import wait_until
from tools.core.errors import StepFailed
from tools.core.settings import Settings
from tools.runs.profile import Machine, auto_settings, choices, fall_back, hub_answers, look
from tools.steps.generate import generate
from tools.steps.scenes import design
from tools.steps.score import score

BARE = Machine("cpu", 0.0, 16.0, 2, False, False)
CONNECTED = Machine("cpu", 0.0, 16.0, 2, True, False)
GPU = Machine("cuda", 24.0, 64.0, 8, True, True)
GPU_ALONE = Machine("cuda", 24.0, 64.0, 8, False, False)
SMALL_GPU = Machine("cuda", 4.0, 16.0, 8, True, False)


def _taken(settings, machine):
    return {c.stage: c.engine for c in choices(settings, machine) if c.taken}


@pytest.mark.parametrize(
    ("machine", "images", "quality", "labels", "masks"),
    [
        (BARE, "blender", "pixels", "exact", "grabcut"),
        (CONNECTED, "blender", "pixels", "exact", "grabcut"),  # no gigabytes are fetched for a CPU unasked
        (GPU, "repaint", "pixels+clip", "exact", "sam"),
        (GPU_ALONE, "blender", "pixels", "exact", "grabcut"),
        (SMALL_GPU, "blender", "pixels+clip", "exact", "sam"),
    ],
)
def test_the_best_that_runs_is_taken(machine, images, quality, labels, masks):
    taken = _taken(Settings(), machine)
    assert (taken["pictures"], taken["quality"], taken["labels"], taken["masks"]) == (images, quality, labels, masks)


def test_images_without_labels_get_a_detector_and_a_judge():
    taken = _taken(Settings(generator="diffusion"), GPU)
    assert taken["labels"] == "detect_and_segment"
    assert taken["quality"] == "pixels+clip+clis"


def test_what_is_on_this_machine_needs_no_hub(tmp_path):
    settings = Settings(clip_model=str(checkpoints.clip(tmp_path / "clip")))
    assert _taken(settings, BARE)["quality"] == "pixels+clip"
    chosen, why = auto_settings(settings, BARE)
    assert chosen.curation.scorer == "pixels+clip"
    assert why == {"scorer": f"quality: pixels+clip, because {settings.clip.model} is on this machine"}


def test_the_users_word_counts():
    settings = Settings(generator="blender", scorer="pixels", annotator="exact", segmenter="grabcut")
    assert auto_settings(settings, GPU) == (settings, {})
    assert "the settings name it" in {c.why for c in choices(settings, GPU) if c.taken}
    own = Settings(generator="my.module:Engine", scorer="clip")
    assert _taken(own, BARE)["pictures"] == "my.module:Engine"
    assert _taken(own, BARE)["quality"] == "clip"


def test_a_bare_machine_changes_nothing():
    settings = Settings()
    assert auto_settings(settings, BARE) == (settings, {})


def test_every_engine_that_cannot_run_says_what_it_needs():
    for choice in choices(Settings(), BARE):
        assert choice.why
        assert bool(choice.missing) is not choice.usable


def test_offline_never_looks_at_the_network(monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr("tools.runs.profile.hub_answers", lambda *_: pytest.fail("the network was looked at"))
    assert look(Settings(profile="offline", openai_api_key=None)).hub is False
    assert auto_settings(Settings(profile="offline"))[1] == {}


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://no-such-host.invalid", "nonsense"])
def test_a_hub_that_is_not_there_does_not_answer(address):
    assert hub_answers(address, 1.0) is False


def test_a_hub_that_says_nothing_is_given_up_on():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert hub_answers(f"http://127.0.0.1:{server.getsockname()[1]}", 0.3) is False


def test_a_name_that_is_looked_up_for_ever_is_given_up_on(monkeypatch):
    given, end = [], threading.Event()

    def look_up(_request, timeout):
        given.append(timeout)
        end.wait()  # the system's own look-up of a name keeps no limit
        raise OSError("no such name")

    monkeypatch.setattr("urllib.request.urlopen", look_up)
    assert hub_answers("http://anywhere.invalid", 0.3) is False  # that it returns is the test: nobody set `end`
    wait_until(lambda: given, "the look-up begins")
    end.set()
    assert given == [0.3]


def test_falling_back_keeps_the_work(tmp_path):
    run = new_run(tmp_path, images=6, rounds=1, min_quality=0.0, scorer="pixels+clip", clip_model="no/such")
    design(run, 6, [], None)
    generate(run)
    with pytest.raises(StepFailed, match="no/such"):  # the user named it, so it is theirs to change
        score(run)
    run.record.chosen["scorer"] = "quality: pixels+clip, because it was there"
    score(run)
    assert run.settings.curation.scorer == run.record.settings["curation"]["scorer"] == "pixels"
    assert all(s.quality is not None for s in run.dataset.samples())
    assert "going on with pixels" in (run.folder / "events.jsonl").read_text()
    with pytest.raises(StepFailed):
        fall_back(run, "scorer", "pixels", StepFailed("again"))


def test_models_are_released_between_stages(tmp_path):
    run = new_run(tmp_path, images=4, rounds=1, min_quality=0.0, scorer="clip", negative_share=0.0)
    design(run, 4, [], None)
    generate(run)
    embedder = ColourEmbedder()
    score(run, embedder)
    assert embedder.closed
