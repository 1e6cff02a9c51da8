"""Files that must last, and the words for a disk or database that refuses."""

import errno
import os
import resource
import sqlite3
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.pipeline import new_run
from tools.core import files
from tools.core.database import connect
from tools.core.files import DiskFull, set_aside, trouble, write_bytes, write_json
from tools.models import checkpoint


@contextmanager
def no_file_larger_than(limit_bytes):
    """The system refuses to write more, as a full disk does: also to libraries in other languages."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def full(*_arguments):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_keeps_what_was_there_and_says_what_was_wanted(tmp_path, monkeypatch):
    path = tmp_path / "run.json"
    write_json(path, {"a": 1})
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull) as told:
        write_bytes(path, b"x" * 3 * 2**20)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["run.json"]
    sentence = trouble(told.value, tmp_path)
    assert f"the disk of {tmp_path} (mounted at " in sentence
    assert "3.0 MiB wanted for run.json" in sentence
    assert "resume" in sentence


def test_a_file_of_pieces_is_whole_or_not_there(tmp_path):
    path = tmp_path / "labels.json"
    write_bytes(path, (b"%d," % n for n in range(4)))
    assert path.read_bytes() == b"0,1,2,3,"

    def broken():
        yield b"half"
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        write_bytes(path, broken())
    assert path.read_bytes() == b"0,1,2,3," and [p.name for p in tmp_path.iterdir()] == ["labels.json"]


def test_a_write_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    synced, path = [], tmp_path / "a.json"

    def sync(number):
        synced.append((str(Path(f"/proc/self/fd/{number}").readlink()), path.exists()))

    monkeypatch.setattr(os, "fsync", sync)
    write_json(path, 1)
    (content, existed), (folder, named) = synced
    assert content.startswith(str(tmp_path)) and content.endswith(".tmp") and not existed
    assert folder == str(tmp_path) and named


def test_what_a_killed_writer_left_is_cleared_and_what_a_living_one_writes_stays(tmp_path, monkeypatch):
    (tmp_path / "rounds").mkdir()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    names = {
        "left": tmp_path / "rounds" / f".{gone.pid}-{gone.pid}.tmp",
        "living": tmp_path / f".{os.getpid()}-1.tmp",
        "of another container": tmp_path / f".{os.getpid()}-2.tmp",
        "somebody's": tmp_path / "notes.tmp",
    }
    for path in names.values():
        path.write_text("half")
    os.utime(names["of another container"], (0, 0))
    files.clear_leftovers(tmp_path)
    assert [name for name, path in names.items() if path.exists()] == ["living", "somebody's"]


@pytest.mark.parametrize("links", [True, False])
def test_a_file_is_put_in_place_of_what_was_there(tmp_path, monkeypatch, links):
    if not links:
        monkeypatch.setattr(os, "link", full)
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_text("new")
    target.write_text("old")
    files.link_or_copy(source, target)
    files.link_or_copy(source, target)  # they are one file now
    assert target.read_text() == "new" and source.samefile(target) == links
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def test_weights_that_do_not_fit_name_their_file_and_not_a_library(tmp_path):
    """A library that writes by itself turned a full disk into an error of its own."""
    import torch

    path = tmp_path / "state.safetensors"
    checkpoint.save_tensors(path, {"w": torch.zeros(4)}, {"k": "1"})
    before = path.read_bytes()
    with no_file_larger_than(4096), pytest.raises(OSError) as told:
        checkpoint.save_tensors(path, {"w": torch.zeros(5000)}, {})
    assert told.value.filename == str(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert checkpoint.load_tensors(path)[1] == {"k": "1"}


def test_a_full_database_is_named(tmp_path):
    run = new_run(tmp_path / "t")
    run.dataset._db.execute("PRAGMA max_page_count = 1")
    with pytest.raises(sqlite3.OperationalError) as told:
        run.dataset.set_embeddings("m", {str(n): np.zeros(4000, np.float32) for n in range(20)})
    run.dataset.close()
    assert f"the disk of {run.folder} (mounted at " in trouble(told.value, tmp_path)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "a/b.txt"), "is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "is full"),
        (OSError(errno.EROFS, "Read-only file system", "a/b.txt"), "cannot write a/b.txt: Read-only file system"),
        (PermissionError(errno.EACCES, "Permission denied", "a/b.txt"), "cannot write a/b.txt"),
        (OSError(errno.ELOOP, "Too many levels of symbolic links", "loop"), "loop: Too many levels"),
        (RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"), "is full"),
        (sqlite3.OperationalError("database or disk is full"), "is full"),
        (KeyError("a fault"), None),
    ],
)
def test_what_a_refusal_means(tmp_path, error, sentence):
    said = trouble(error, tmp_path)
    assert said is None if sentence is None else sentence in said


def test_an_error_that_came_of_a_full_disk_is_that(tmp_path):
    try:
        try:
            full()
        except OSError:
            raise ValueError("the library could not go on")  # noqa: B904  as libraries do
    except ValueError as error:
        assert "is full" in trouble(error, tmp_path)


def test_damaged_files_are_set_aside_side_by_side(tmp_path, caplog):
    for number in range(3):
        (tmp_path / "a.json").write_text(str(number))
        set_aside(tmp_path / "a.json", "half of it")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.json.damaged", "a.json.damaged-2", "a.json.damaged-3"]
    assert "a.json is damaged (half of it)" in caplog.text


def test_a_database_whose_pages_are_gone_is_named_wherever_it_is_read(tmp_path):
    path = tmp_path / "dataset.sqlite"
    db = connect(path)
    db.execute("CREATE TABLE t (x TEXT)")
    with db:
        db.executemany("INSERT INTO t VALUES (?)", [("x" * 900,)] * 60)
    db.close()
    path.write_bytes(path.read_bytes()[:20_000])
    db = connect(path)
    with pytest.raises(sqlite3.DatabaseError) as told:
        list(db.execute("SELECT * FROM t"))
    db.close()
    assert f"{path} is damaged" in trouble(told.value, tmp_path)


def test_free_space_is_told_of_the_nearest_folder(tmp_path):
    assert f"the disk of {tmp_path} " in files.full_disk(tmp_path / "not" / "there" / "yet.txt")
