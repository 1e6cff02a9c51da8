"""The service starts whatever a power cut or a full disk left of its files, and says what it set aside."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.tools.service.parts import client, make_service, photo, version, zipped
from tests.tools.service.test_jobs import lines, send, wait_for
from tools.core.files import trouble


@pytest.fixture(scope="module")
def worked(tmp_path_factory):
    """What a service leaves: a finished job of three photos, versions, feedback."""
    folder = tmp_path_factory.mktemp("service")
    service = make_service(folder, versions=[version(), version("new", "share", 0.3)])
    with client(service) as http:
        job = send(http, zipped(**{f"{n}.png": photo(seed=n) for n in range(3)})).json()
        wait_for(http, job)
    service.feedback.close()
    return folder, job["id"]


@pytest.fixture
def left(worked, tmp_path):
    shutil.copytree(worked[0], tmp_path / "service")
    return tmp_path / "service", worked[1]


DAMAGES = {
    "job.json": ("jobs/{job}/job.json", lambda path: path.write_bytes(path.read_bytes()[:40])),
    "an empty job.json": ("jobs/{job}/job.json", lambda path: path.write_bytes(b"")),
    "versions.json": ("versions.json", lambda path: path.write_bytes(path.read_bytes()[:40])),
    "versions of another kind": ("versions.json", lambda path: path.write_text('{"a": [1]}')),
    "feedback.sqlite": ("feedback.sqlite", lambda path: path.write_bytes(b"garbage " * 2000)),
    "a cut feedback.sqlite": ("feedback.sqlite", lambda path: path.write_bytes(path.read_bytes()[:9000])),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGES)
def test_a_damaged_file_is_set_aside_and_the_service_works(left, caplog, what):
    folder, job = left
    place, spoil = DAMAGES[what]
    path = folder / place.format(job=job)
    spoil(path)
    damaged = path.read_bytes()
    service = make_service(folder, versions=[version(), version("new", "share", 0.3)])
    assert path.with_name(f"{path.name}.damaged").read_bytes() == damaged
    assert f"{path} is damaged" in caplog.text
    with client(service) as http:
        again = wait_for(http, send(http, zipped(**{"a.png": photo()})).json())
        assert again["done"] == 1
        answer = http.post("/predict", files={"file": ("a.png", photo())}).json()
        assert http.post("/feedback", json={"id": answer["id"], "objects": []}).status_code < 300
        assert http.get(f"/jobs/{job}").status_code == (404 if "job.json" in what else 200)


@pytest.mark.parametrize("line", [b"{half\n", b"\x00\x00\x00\n", b"[1]\n", b'{"no": "photo"}\n'])
def test_a_photo_whose_line_is_damaged_is_answered_again(left, caplog, line):
    folder, job = left
    state = json.loads((folder / "jobs" / job / "job.json").read_text())
    (folder / "jobs" / job / "job.json").write_text(json.dumps(state | {"status": "running", "finished": None}))
    results = folder / "jobs" / job / "results.jsonl"
    first, _, last = results.read_bytes().splitlines(keepends=True)
    results.write_bytes(first + line + last)
    with client(make_service(folder)) as http:
        state = wait_for(http, {"id": job})
        found = [entry["photo"] for entry in lines(http, {"id": job})]
    assert sorted(found) == ["0.png", "1.png", "2.png"]
    assert (state["done"], state["broken"]) == (3, 0)
    assert line in results.with_name("results.jsonl.damaged").read_bytes()
    assert "1 lines of 3 are none" in caplog.text


def test_a_damaged_list_of_photos_is_made_anew(left):
    folder, job = left
    state = json.loads((folder / "jobs" / job / "job.json").read_text())
    (folder / "jobs" / job / "job.json").write_text(json.dumps(state | {"status": "queued", "finished": None}))
    (folder / "jobs" / job / "photos.json").write_text("[")
    (folder / "jobs" / job / "results.jsonl").unlink()
    with client(make_service(folder)) as http:
        assert wait_for(http, {"id": job})["done"] == 3


def test_what_was_accepted_is_on_the_disk_before_it_is_said(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(str(Path(f"/proc/self/fd/{number}").readlink())))
    with client(make_service(tmp_path)) as http:
        synced.clear()
        job = send(http, zipped(**{"a.png": photo()})).json()
        at_once = " ".join(synced)
        assert "a.png" in at_once and str(tmp_path / "jobs") in synced
        wait_for(http, job)


def test_a_damaged_record_of_predictions_only_costs_the_watch_on_drift(tmp_path, caplog):
    from tests.runs import make_run
    from tools.service.start import Run

    run = make_run(tmp_path / "r", rounds=1, images=3)
    (run.round_folder(1) / "predictions_synthetic_val.json").write_text("{")
    assert Run("r", run.folder, run.record).reference() == []
    assert "predictions_synthetic_val.json is damaged" in caplog.text
    assert trouble(ValueError("no disk"), tmp_path) is None
