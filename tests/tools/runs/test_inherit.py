"""What a run takes over from the one it goes on from."""

import pytest

from tests.runs import make_run
from tools.core.errors import FixArguments
from tools.core.settings import Settings
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.data.sample import Instance, Sample
from tools.runs.inherit import INHERITED, as_here, inherit
from tools.runs.runtime import RunContext, RunRecord
from tools.steps.train import make_job


def task(*names: str, kind="segment", **looks):
    classes = [ClassSpec(name=n, drawn_as=n.split()[-1], appearances=looks.get("looks", [])) for n in names]
    return TaskSpec(kind=kind, classes=classes, budget=Budget(images=30, rounds=2))


def child(parent: RunContext, *names: str, kind="segment") -> RunContext:
    folder = parent.folder.parent / "child"
    folder.mkdir()
    record = RunRecord(
        name="child", request="", created="", parent=parent.record.name, task=task(*names, kind=kind), approved=True
    )
    return RunContext(folder, record, Settings(runs_dir=folder.parent))


def test_images_keep_their_labels_and_splits_and_are_nobodys_budget(tmp_path):
    parent = make_run(tmp_path / "parent", rounds=1)
    parent.path(str(parent.record.best.weights)).write_bytes(b"weights")
    run = child(parent, "apple", "pear")
    kept = {s.id: s for s in parent.dataset.samples(verdict="kept")}
    assert inherit(run) == len(kept) == inherit(run)  # once
    taken = {s.id: s for s in run.dataset.samples()}
    assert taken.keys() == kept.keys()
    for identity, sample in taken.items():
        assert (sample.split, sample.instances) == (kept[identity].split, kept[identity].instances)
        assert sample.round == 0 and run.path(sample.image).read_bytes() == parent.path(sample.image).read_bytes()
    assert not run.dataset.scenes()  # the budget counts scenes
    assert (run.folder / INHERITED).read_bytes() == b"weights"
    assert parent.dataset.count(verdict="kept") == len(kept)  # the old one stays


def test_training_begins_with_the_inherited_weights(tmp_path):
    parent = make_run(tmp_path / "parent", rounds=1)
    parent.path(str(parent.record.best.weights)).write_bytes(b"weights")
    run = child(parent, "apple", "pear")
    inherit(run)
    from tools.runs.runtime import Round

    run.record.rounds.append(Round(number=1))
    job = make_job(run)
    assert job.initial == run.folder / INHERITED
    assert len({s.id for s in job.train}) == sum(s.split == "train" for s in run.dataset.samples())


def thing(name: str) -> Instance:
    return Instance(class_name=name, box=(0, 0, 9, 9))


def sample(found: list[str], lookalikes: list[str], label: str | None = None) -> Sample:
    return Sample(
        id="s", image="i.png", width=32, height=32, sha256="", family="f", engine="e", label=label, round=3,
        instances=[thing(n) for n in found], lookalikes=[thing(n) for n in lookalikes],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "given", "expected"),
    [
        # a look-alike that is a class now gets its label
        (task("apple"), task("apple", "pear"), (["apple"], ["pear", "peach"]), (["apple", "pear"], ["peach"])),
        # a class that is none any more is left without a label
        (task("apple", "pear"), task("apple"), (["apple", "pear"], []), (["apple"], ["pear"])),
        # which of its looks a look-alike has is not known: the image cannot be labelled
        (task("apple"), task("apple", "ripe tomato", looks=["ripe"]), (["apple"], ["tomato"]), None),
        (task("apple"), task("apple", kind="detect"), (["apple"], []), (["apple"], [])),
        (task("apple"), task("apple", "pear", kind="classify"), (["apple"], []), None),
    ],
)
def test_labels_as_another_task_has_them(before, after, given, expected):
    own = as_here(sample(*given), before, after)
    shown = None if own is None else ([i.class_name for i in own.instances], [i.class_name for i in own.lookalikes])
    assert shown == expected


def test_an_image_of_one_class_goes_to_classifiers_that_know_it():
    names = ("apple", "pear")
    assert as_here(sample([], [], "apple"), task(*names, kind="classify"), task(*names, "plum", kind="classify"))
    assert (
        as_here(sample([], [], "apple"), task(*names, kind="classify"), task("pear", "plum", kind="classify")) is None
    )


def test_a_parent_that_is_gone_is_named(tmp_path):
    parent = make_run(tmp_path / "parent", rounds=1)
    run = child(parent, "apple")
    (parent.folder / "run.json").unlink()
    with pytest.raises(FixArguments, match="parent is gone"):
        inherit(run)
