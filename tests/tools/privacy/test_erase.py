"""A person's photos are forgotten: shown first, erased after a yes, and nothing else goes with them."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from agent.cli.app import app
from tools.core.errors import FixArguments
from tools.core.locks import locked
from tools.core.settings import Settings
from tools.data.dataset import Dataset, file_sha256
from tools.data.images import write_image
from tools.data.sample import Instance, Sample
from tools.privacy.erase import erase, find_traces
from tools.runs.runtime import RunRecord, write_json


def image(seed):
    """Something with a look of its own: blocks of colour."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((160, 120), Image.Resampling.BICUBIC))


@pytest.fixture
def kept(tmp_path):
    """A run and a labelled set that hold two persons' photos, each in every way that photos are kept."""
    photos, runs = tmp_path / "photos", tmp_path / "runs"
    for k, name in enumerate(("me", "you")):
        write_image(photos / f"{name}.png", image(k))
    run, labels = runs / "faces", runs / ".photos" / "people-1"
    record = RunRecord(name="faces", request="find faces", created="", few=str(photos))
    for folder, engine in ((run, "photo"), (labels, "real")):
        dataset = Dataset(folder)
        for name in ("me", "you"):
            digest = file_sha256(photos / f"{name}.png")
            write_image(folder / "tmp.jpg", image(("me", "you").index(name)))
            sample = Sample(
                id=digest[:16], image=f"shown/{digest[:16]}.jpg", width=160, height=120, sha256=digest, family=name,
                engine=engine, provenance={"file": f"{name}.png"},
                instances=[Instance(class_name="face", box=(1, 1, 9, 9))],
            )  # fmt: skip
            dataset.add_sample(sample, folder / "tmp.jpg")
            dataset.set_embeddings("look", {sample.id: np.ones(4, np.float32)})
        dataset.close()
    write_json(run / "run.json", record.model_dump(mode="json"))
    entries = [{"file": str((photos / f"{n}.png").resolve()), "drawn": f"{n}.jpg"} for n in ("me", "you")]
    write_json(run / "predictions/predictions.json", {"pictures": entries})
    for k, name in enumerate(("me", "you")):
        write_image(run / "predictions" / f"{name}.jpg", image(k))
    images = [{"id": k, "file_name": f"shown/{file_sha256(photos / f'{n}.png')[:16]}.jpg"}
              for k, n in enumerate(("me", "you"), 1)]  # fmt: skip
    coco = {"images": images, "annotations": [{"id": 1, "image_id": 1}, {"id": 2, "image_id": 2}]}
    write_json(labels / "annotations/instances.json", coco)
    write_json(runs / ".described/x/asked/a.json", {"answer": "a man", "photo": file_sha256(photos / "me.png")})
    write_json(runs / ".described/x/asked/b.json", {"answer": "a tree", "photo": file_sha256(photos / "you.png")})
    (run / "export/dataset_coco").mkdir(parents=True)
    (run / "export/dataset_coco/me.jpg").write_bytes(b"x")
    write_image(run / "images/aa/render.jpg", image(0))  # looks the same, and is no photo of anybody
    return photos, run, labels, Settings(runs_dir=runs)


def samples_of(folder):
    dataset = Dataset(folder)
    try:
        return [s.provenance["file"] for s in dataset.samples()]
    finally:
        dataset.close()


def everything(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and "sqlite" not in p.name}


def test_a_persons_photos_go_from_everywhere_and_the_others_stay(kept):
    photos, run, labels, settings = kept
    mine = file_sha256(photos / "me.png")[:16]
    yours = file_sha256(photos / "you.png")[:16]
    before = everything(settings.runs_dir)
    traces = find_traces([photos / "me.png"], [], settings)
    assert everything(settings.runs_dir) == before and len(samples_of(run)) == 2  # looking changes nothing
    assert traces.learnt == ["faces"] and "delete those runs" in traces.left
    erase(traces)
    gone = before - everything(settings.runs_dir)
    assert gone == {
        f"faces/shown/{mine}.jpg", f".photos/people-1/shown/{mine}.jpg", "faces/predictions/me.jpg",
        ".described/x/asked/a.json", "faces/export/dataset_coco/me.jpg",
    }  # fmt: skip
    assert samples_of(run) == samples_of(labels) == ["you.png"]
    for folder in (run, labels):
        content = (folder / "dataset.sqlite").read_bytes()
        assert mine.encode() not in content and yours.encode() in content
        with closing(sqlite3.connect(folder / "dataset.sqlite")) as db:
            assert db.execute("SELECT count(*) FROM embeddings").fetchone() == (1,)
    coco = json.loads((labels / "annotations/instances.json").read_text())
    assert [i["id"] for i in coco["images"]] == [2] and [a["id"] for a in coco["annotations"]] == [2]
    listed = json.loads((run / "predictions/predictions.json").read_text())["pictures"]
    assert [Path(e["file"]).name for e in listed] == ["you.png"]
    assert (photos / "me.png").is_file()
    again = find_traces([photos / "me.png"], [], settings)
    assert not again.count


def test_a_digest_finds_what_is_left_of_a_photo_that_is_gone(kept):
    photos, run, _, settings = kept
    digest = file_sha256(photos / "me.png")
    (photos / "me.png").unlink()
    traces = find_traces([], [digest.upper()], settings)
    assert {row.database.parent.name for row in traces.rows} == {"faces", "people-1"}
    erase(traces)
    assert samples_of(run) == ["you.png"]


def test_folders_that_are_no_runs_are_never_looked_into(kept):
    photos, _, _, settings = kept
    own = settings.runs_dir / "holiday"  # a person's own, put beside the runs
    write_image(own / "me.png", image(0))
    traces = find_traces([photos], [], settings)
    assert not any(path.is_relative_to(own) for path in traces.files)


@pytest.mark.parametrize("digest", ["", "abc", "g" * 64, "../" * 21 + "a"])
def test_a_wrong_digest_is_named(tmp_path, digest):
    with pytest.raises(FixArguments, match="SHA-256"):
        find_traces([], [digest], Settings(runs_dir=tmp_path))


def test_nothing_named_is_refused(tmp_path):
    with pytest.raises(FixArguments, match="name the photos"):
        find_traces([], [], Settings(runs_dir=tmp_path))


def test_a_run_that_is_worked_on_loses_nothing(kept):
    photos, run, labels, settings = kept
    traces = find_traces([photos], [], settings)
    with locked(run / ".lock", 0, RuntimeError()), pytest.raises(FixArguments, match="being worked on"):
        erase(traces)
    assert len(samples_of(run)) == len(samples_of(labels)) == 2


@pytest.mark.parametrize(("answer", "left", "code"), [("n\n", 2, 3), ("y\n", 0, 0), ("", 2, 1)])
def test_the_command_shows_asks_and_only_then_erases(kept, answer, left, code):
    photos, run, _, settings = kept
    flags = ["erase", str(photos), "--runs-dir", str(settings.runs_dir)]
    result = CliRunner().invoke(app, flags, input=answer)
    assert "predictions/me.jpg" in result.output and "faces" in result.output
    assert result.exit_code == code and len(samples_of(run)) == left
