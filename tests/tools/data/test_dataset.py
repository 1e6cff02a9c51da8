"""Rows of a data set: read a part at a time, in one order, with all that belongs to them."""

import sqlite3
import tracemalloc

import numpy as np
import pytest

from tools.core.errors import StepFailed
from tools.data import dataset as module
from tools.data.dataset import Dataset
from tools.data.sample import Instance, Sample
from tools.scenes.scene import SceneSpec


def fill(folder, count, **changed):
    data = Dataset(folder, quick=True)
    for n in range(count):
        boxes = [(float(k), 1.0, k + 9.0, 9.0) for k in range(n % 3)]
        (folder / "new.png").write_bytes(b"x")
        sample = Sample(
            id=f"{(n * 7919) % 100_003:06d}", round=1 + n % 2, image=f"images/{n}.png", width=32, height=32,
            sha256=str(n), family=str(n), engine="e", verdict="kept" if n % 4 else "dropped",
            split="val" if n % 5 else "test", instances=[Instance(class_name="apple", box=b) for b in boxes],
            lookalikes=[Instance(class_name="ball", box=(0, 0, 4, 4))] if n % 2 else [],
        )  # fmt: skip
        data.add_sample(sample.model_copy(update=changed), folder / "new.png")
    return data


def test_samples_come_by_round_and_id_with_all_that_they_show(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_PAGE", 7)
    data = fill(tmp_path, 50)
    found = list(data.samples())
    assert [(s.round, s.id) for s in found] == sorted((s.round, s.id) for s in found) and len(found) == 50
    for sample in found:
        n = int(sample.sha256)
        assert [i.box[0] for i in sample.instances] == list(range(n % 3))
        assert len(sample.lookalikes) == n % 2
    assert data.sample(found[3].id) == found[3] and data.sample("nobody") is None
    kept = list(data.samples(verdict="kept", split="val", round_number=1))
    assert kept == [s for s in found if (s.verdict, s.split, s.round) == ("kept", "val", 1)]
    assert data.count(verdict="kept", split="val", round_number=1) == len(kept) > 0


def test_what_changes_meanwhile_changes_nothing_about_which_samples_come(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_PAGE", 5)
    data = fill(tmp_path, 40)
    before = [s.id for s in data.samples(verdict="kept")]
    seen = []
    for sample in data.samples(verdict="kept"):
        seen.append(sample.id)
        data.update_samples({sample.id: {"verdict": "dropped"}})
    assert seen == before and data.count(verdict="kept") == 0


def test_a_snapshot_stays_as_it_was_whoever_writes(tmp_path):
    data, other = fill(tmp_path, 12), Dataset(tmp_path)
    first = next(s for s in data.samples() if s.instances)
    with data.snapshot():
        before = list(data.samples())
        other.correct(first.id, "relabel", first.model_copy(update={"instances": []}), by="somebody")
        assert list(data.samples()) == before
    assert data.sample(first.id) == other.sample(first.id) and data.sample(first.id).instances == []
    data.update_samples({first.id: {"quality": 0.5}})  # it can be written to again
    with pytest.raises(KeyError), data.snapshot():
        raise KeyError("whatever happens inside")
    assert data.sample(first.id).quality == 0.5


def test_of_many_some_from_all_over_them(tmp_path):
    data = fill(tmp_path, 90)
    whole, some = ([s.id for s in data.samples(most=most)] for most in (None, 10))
    places = [whole.index(i) for i in some]
    assert len(places) == 10 and places[0] == 0 and places[-1] == 89 and max(np.diff(places)) <= 11


def test_going_through_many_takes_no_memory_for_them(tmp_path):
    data = fill(tmp_path, 3000)
    data.add_scenes(1, (SceneSpec(context="table", light="sun", family="f", seed=n) for n in range(3000)))
    tracemalloc.start()
    try:
        assert sum(1 for _ in data.samples()) == sum(1 for _ in data.each_scene()) == data.count_scenes() == 3000
        assert tracemalloc.get_traced_memory()[1] < 4_000_000  # all of them are 10 MB and more
    finally:
        tracemalloc.stop()


def test_vectors_come_by_model_at_unit_length(tmp_path):
    data = fill(tmp_path, 3)
    ids = [s.id for s in data.samples()]
    data.set_embeddings("a", {i: np.full(8, 3.0, np.float32) for i in ids})
    data.set_embeddings("b", {ids[0]: np.ones(4, np.float32)})
    assert data.embedding_models() == {"a": 8, "b": 4}
    assert dict(data.embeddings("a")).keys() == set(ids)
    assert np.linalg.norm(dict(data.embeddings("a"))[ids[1]]) == pytest.approx(1, abs=1e-3)
    assert list(data.embeddings("c")) == []


@pytest.mark.parametrize("table", ["instances", "samples"])
def test_a_damaged_row_is_named(tmp_path, table):
    data = fill(tmp_path, 9)
    broken = next(s.id for s in data.samples() if s.instances)
    with sqlite3.connect(tmp_path / "dataset.sqlite") as db:
        column, key = ("data", "sample_id") if table == "instances" else ("axes", "id")
        db.execute(f"UPDATE {table} SET {column} = '{{' WHERE {key} = ?", (broken,))
    with pytest.raises(StepFailed, match=f"the row of picture {broken} is damaged"):
        list(data.samples())
