"""Labelled photos go to a CVAT server and come back the same, by its own SDK; what goes wrong is a sentence."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from agent.cli.app import app
from tests.tools.label.cvat_service import PASSWORD, TOKEN, USER, CvatServer
from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import Settings
from tools.data.formats import coco
from tools.data.formats.labels import LabelledImage
from tools.data.images import write_image
from tools.data.real_labels import read_labels
from tools.data.sample import Instance, encode_mask, mask_box
from tools.label.cvat_server import fetch_task, send_task

pytest.importorskip("cvat_sdk")


@pytest.fixture
def server():
    made = CvatServer()
    yield made
    made.close()


@pytest.fixture
def labelled(tmp_path):
    """Two photos with masks of two classes in them, as COCO."""
    folder, rng = tmp_path / "labelled", np.random.default_rng(0)
    folder.mkdir()
    images = []
    for name, classes in (("a.png", ["apple", "pear"]), ("b.png", ["pear"])):
        write_image(folder / name, rng.integers(0, 255, (60, 80, 3), np.uint8))
        instances = []
        for place, kind in enumerate(classes):
            mask = np.tri(60, 80, 20 * place - 20, bool) & (np.arange(60)[:, None] < 40)  # corners, no rectangles
            instances.append(Instance(class_name=kind, box=mask_box(mask), counts=encode_mask(mask)))
        images.append(LabelledImage(name, 80, 60, instances=instances))
    for path, text in coco.label_files(images, ["apple", "pear"]):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text("".join(text))
    return folder


def settings(server, **changed):
    return Settings(**{"cvat_url": server.url, "cvat_token": TOKEN, "cvat_poll_s": 0.01} | changed)


def known(folder):
    images = [image for _, image in read_labels(folder, classify=False).entries]
    return sorted((i.class_name, tuple(map(float, i.box))) for image in images for i in image.instances)


def test_what_was_sent_comes_back_the_same(server, labelled, tmp_path):
    before = {p: p.read_bytes() for p in labelled.rglob("*") if p.is_file()}
    sent = send_task(labelled, "Fruit", settings(server))
    assert (sent.task, sent.photos, sent.labels, sent.classes) == (7, 2, 3, ["apple", "pear"])
    assert sent.place == f"{server.url}/tasks/7"
    task = server.tasks[7]
    assert (task["name"], task["labels"], sorted(task["files"])) == ("Fruit", ["apple", "pear"], ["a.png", "b.png"])
    assert b"<polygon" in task["xml"]
    fetched = fetch_task(7, tmp_path / "new" / "back", settings(server))
    assert (fetched.name, fetched.photos, fetched.labels, fetched.classes) == ("Fruit", 2, 3, ["apple", "pear"])
    assert known(tmp_path / "new" / "back") == known(labelled)
    assert {p: p.read_bytes() for p in labelled.rglob("*") if p.is_file()} == before
    assert not [p for p in (tmp_path / "new").iterdir() if p.name != "back"]


def test_a_user_and_a_password_stand_in_the_address(server, labelled):
    host = server.url.removeprefix("http://")
    secret = f"http://{USER}:hunter2%21%21@{host}"
    sent = send_task(labelled, "Fruit", settings(server, cvat_url=secret, cvat_token=None))
    assert sent.place == f"{server.url}/tasks/7"
    with pytest.raises(StepFailed) as caught:
        send_task(labelled, "Fruit", settings(server, cvat_url=f"http://{USER}:wrong-one@{host}", cvat_token=None))
    assert "Unable to log in" in str(caught.value)
    assert "wrong-one" not in str(caught.value) and PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "ending", "words"),
    [
        (403, "finished", "refuses (403): check SIGHTSMITH_CVAT_TOKEN"),
        (500, "finished", "refuses task 7 (500: no, says ***)"),
        (b"<html>hello</html>", "finished", "is it a CVAT server?"),
        (None, "failed", "failed at task 7: disk is full"),
        (None, "started", "was not done with task 7 within 0.3 s"),
    ],
)
def test_faults_of_the_server_are_sentences_and_leave_nothing(server, labelled, tmp_path, fault, ending, words):
    send_task(labelled, "Fruit", settings(server))
    server.fault, server.ending = fault, ending
    limit = {"cvat_timeout_s": 0.3} if ending == "started" else {}
    with pytest.raises(StepFailed) as caught:
        fetch_task(7, tmp_path / "back", settings(server, **limit))
    assert words in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert not (tmp_path / "back").exists()


def test_a_task_that_is_none_and_a_server_that_is_none(server, tmp_path):
    with pytest.raises(StepFailed, match="does not know task 99"):
        fetch_task(99, tmp_path / "back", settings(server))
    server.close()
    with pytest.raises(StepFailed, match="cannot be asked"):
        fetch_task(99, tmp_path / "back", settings(server))


def test_what_is_missing_is_said_before_anything_is_done(server, labelled, tmp_path):
    with pytest.raises(FixArguments, match="SIGHTSMITH_CVAT_URL"):
        send_task(labelled, "Fruit", settings(server, cvat_url=None))
    with pytest.raises(FixArguments, match="SIGHTSMITH_CVAT_TOKEN"):
        fetch_task(7, tmp_path / "back", settings(server, cvat_token=None))
    with pytest.raises(FixArguments, match="holds other files"):
        fetch_task(7, labelled, settings(server))
    assert server.seen == []


def test_what_a_task_cannot_hold_or_a_server_should_not_send_is_refused(server, tmp_path):
    for kind in ("apple", "pear"):
        write_image(tmp_path / "sorted" / kind / "a.png", np.zeros((40, 40, 3), np.uint8))
    with pytest.raises(FixArguments, match="sorted has one class a photo"):
        send_task(tmp_path / "sorted", "Fruit", settings(server))
    server.tasks[9] = {"name": "n", "labels": [], "files": {"../a.png": b"x"}, "xml": b"<annotations/>"}
    with pytest.raises(StepFailed, match=r"task 9 cannot be unpacked: 'images/../a.png' would be written outside"):
        fetch_task(9, tmp_path / "back", settings(server))
    assert not (tmp_path / "back").exists()
    with pytest.raises(FixArguments, match="SIGHTSMITH_CVAT_URL is no address"):
        fetch_task(9, tmp_path / "back", settings(server, cvat_url="http://[half"))


def test_a_task_without_labels_is_fetched(server, labelled, tmp_path):
    send_task(labelled, "Fruit", settings(server))
    bare = b'<annotations><version>1.1</version><image id="0" name="a.png" width="80" height="60"/></annotations>'
    server.tasks[7]["xml"] = bare
    assert fetch_task(7, tmp_path / "back", settings(server)).labels == 0
    assert (tmp_path / "back" / "images" / "b.png").is_file()


def test_the_commands(server, labelled, tmp_path, monkeypatch):
    for name, value in (("URL", server.url), ("TOKEN", TOKEN), ("POLL_S", "0.01")):
        monkeypatch.setenv(f"SIGHTSMITH_CVAT_{name}", value)
    runner = CliRunner()
    sent = runner.invoke(app, ["cvat", "send", str(labelled), "--name", "Fruit"])
    assert json.loads(sent.stdout)["task"] == 7, sent.output
    back = runner.invoke(app, ["cvat", "fetch", "7", str(tmp_path / "back")])
    assert json.loads(back.stdout)["photos"] == 2, back.output
    assert known(tmp_path / "back") == known(labelled)
