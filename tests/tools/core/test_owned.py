"""Folders that Sightsmith writes anew only as long as nobody has put anything of his own into them."""

import pytest

from tools.core import owned
from tools.core.errors import FixArguments


def write(folder, by="one", **contents):
    building = owned.unfinished(folder)
    building.mkdir(parents=True)
    for name, text in (contents or {"a.txt": "1"}).items():
        (building / name).write_text(text)
    return owned.install(building, folder, by)


def listing(folder):
    return {p.name: p.read_text() for p in folder.iterdir() if p.name != owned.MANIFEST}


def test_what_nobody_touched_is_written_anew(tmp_path):
    folder = tmp_path / "out"
    assert write(folder) == folder
    (folder / "labels.cache").write_text("of a training tool")
    (folder / "a.txt").unlink()
    assert write(folder, **{"b.txt": "2"}) == folder
    assert listing(folder) == {"b.txt": "2"}
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    "touch",
    [
        lambda folder: (folder / "best.pt").write_text("mine"),
        lambda folder: (folder / "a.txt").write_text("2"),  # of the same length
        lambda folder: (folder / "b.txt").symlink_to("/dev/null"),
        lambda folder: (folder / owned.MANIFEST).write_text("{"),
        lambda folder: (folder / owned.MANIFEST).unlink(),
    ],
)
def test_what_somebody_touched_is_left_alone(tmp_path, touch):
    folder = tmp_path / "out"
    write(folder)
    touch(folder)
    before = listing(folder)
    for _ in range(2):  # the one beside it is ours, and written anew
        assert write(folder, **{"c.txt": "3"}) == tmp_path / "out-2"
    assert listing(folder) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "out-2"]


def test_what_another_wrote_is_left_alone(tmp_path):
    assert write(tmp_path / "out", "site A").name == "out"
    assert write(tmp_path / "out", "site B").name == "out-2"
    assert write(tmp_path / "out", "site A").name == "out"
    assert write(tmp_path / "out", "site B").name == "out-2"


def test_a_kill_between_the_two_moves_loses_nothing(tmp_path):
    folder = tmp_path / "out"
    write(folder)
    folder.rename(tmp_path / ".out.old")
    owned.unfinished(folder)
    assert listing(folder) == {"a.txt": "1"}


@pytest.mark.parametrize("make", [lambda p: p.write_text("x"), lambda p: (p.mkdir(), (p / "x").write_text("x"))])
def test_a_folder_that_was_never_ours_is_refused(tmp_path, make):
    make(tmp_path / "theirs")
    with pytest.raises(FixArguments, match=r"--to .*theirs"):
        owned.refuse_foreign(tmp_path / "theirs", "--to")
    owned.refuse_foreign(tmp_path / "new", "--to")
    write(tmp_path / "out")
    owned.refuse_foreign(tmp_path / "out", "--to")


def test_in_a_shared_folder_only_what_was_written_there_is_written_over(tmp_path):
    (tmp_path / "photo.jpg").write_text("mine")
    (tmp_path / "drawn.jpg").write_text("ours")
    owned.announce(tmp_path, "predict", ["drawn.jpg", "later.jpg"])
    assert owned.foreign(tmp_path) - {owned.MANIFEST} == {"photo.jpg"}  # a kill left drawn.jpg unsigned
    owned.sign(tmp_path, "predict", only=["drawn.jpg"])
    assert owned.foreign(tmp_path) - {owned.MANIFEST} == {"photo.jpg"}
    (tmp_path / "drawn.jpg").write_text("mine")
    assert owned.foreign(tmp_path) - {owned.MANIFEST} == {"photo.jpg", "drawn.jpg"}
