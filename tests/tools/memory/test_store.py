import json
import multiprocessing
import socket
import sqlite3
from pathlib import Path

import pytest

from tests.waiting import LONG_S
from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import Settings
from tools.memory.store import COLLECTION, Lesson, RunMemory, search, search_memory
from tools.memory.word_vectors import content_words, word_vectors
from tools.runs.runtime import RunContext, RunRecord

FAR = 0.75


def lesson(run: str, *classes: str, **fields: object) -> Lesson:
    return Lesson(**{"run": run, "created": "2026-01-01", "kind": "segment", "classes": list(classes)} | fields)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> RunMemory:
    memory = RunMemory(tmp_path_factory.mktemp("memory"))
    for name in ("apple", "car", "bottle", "egg", "chair", "bird", "tomato"):
        memory.add(lesson(f"{name}-run", name, drawn_as=[name], weak=["light=deep shade"]))
    memory.add(lesson("apples-old", "red apple", drawn_as=["apple"], created="2025-01-01"))
    return memory


@pytest.mark.parametrize(
    ("text", "classes", "expected"),
    [
        ("build me an apple segmenter", ["apple"], ["apple-run", "apples-old"]),
        ("帮我做一个苹果分割模型", ["apple"], ["apple-run", "apples-old"]),
        ("green fruit", ["APPLE"], ["apple-run", "apples-old"]),
        ("vehicles on a highway", [], ["car-run"]),
        ("beer glass bottles on a belt", [], ["bottle-run"]),
        ("stools and armchairs", [], ["chair-run"]),
        ("sparrows and pigeons", [], ["bird-run"]),
        ("solar panels on a roof", [], []),
        ("", [], []),
        ("build me a model", [], []),
    ],
)
def test_finds_the_nearest_run(filled: RunMemory, text: str, classes: list[str], expected: list[str]) -> None:
    found = filled.search(text, classes, max_distance=FAR)
    assert [le.run for le in found][: max(1, len(expected))] == expected
    assert all(le.same_class or le.distance <= FAR for le in found)


def test_same_class_comes_before_nearer_words(filled: RunMemory) -> None:
    found = filled.search("birds birds birds birds", ["tomato"], max_distance=2.0, limit=8)
    assert found[0].run == "tomato-run" and found[0].same_class
    distances = [le.distance for le in found[1:]]
    assert min(distances) < found[0].distance
    assert distances == sorted(distances)
    assert not any(le.same_class for le in found[1:])


def test_leaves_out_the_own_run(filled: RunMemory) -> None:
    own = lesson("apple-run", "apple").id
    assert next(le.run for le in filled.search("apple", ["apple"], max_distance=FAR, without=own)) == "apples-old"


def test_adding_twice_keeps_one(tmp_path: Path) -> None:
    memory = RunMemory(tmp_path)
    assert memory.is_new and memory.search("apple", max_distance=2) == []
    for score in (0.1, 0.2):
        memory.add(lesson("a", "apple", scores={"synthetic_test": score}))
    memory.add(lesson("a", "apple", created="2026-01-02"))
    assert [le.scores for le in memory.search("apple", max_distance=2)] == [{}, {"synthetic_test": 0.2}]


def _spoil(folder: Path, how: str) -> None:
    database = folder / "chroma.sqlite3"
    if how == "garbage":
        database.write_bytes(b"\x00garbage" * 999)
    elif how == "half":
        database.write_bytes(database.read_bytes()[:20000])
    elif how == "other version":
        with sqlite3.connect(database) as db:
            db.execute("DROP TABLE collections")
    elif how == "a folder":
        database.unlink()
        database.mkdir()


@pytest.mark.parametrize("how", ["garbage", "half", "other version", "a folder"])
def test_a_broken_memory_is_a_plain_sentence(tmp_path: Path, how: str) -> None:
    memory = RunMemory(tmp_path)
    memory.add(lesson("a", "apple"))
    _spoil(tmp_path, how)
    with pytest.raises(StepFailed, match="move it away"):
        memory.search("apple", max_distance=2)
    with pytest.raises(StepFailed, match="move it away"):
        memory.add(lesson("b", "apple"))


def test_a_lesson_of_another_version_is_left_out(tmp_path: Path) -> None:
    import chromadb

    memory = RunMemory(tmp_path)
    memory.add(lesson("a", "apple"))
    with chromadb.PersistentClient(path=str(tmp_path)) as client:
        vector = word_vectors().embed("apple").tolist()
        for number, text in enumerate(['{"run": 3}', "no json", json.dumps([1])]):
            client.get_collection(COLLECTION, embedding_function=None).add(
                ids=[str(number)], embeddings=[vector], metadatas=[{"lesson": text}]
            )
    assert [le.run for le in memory.search("apple", max_distance=2, limit=9)] == ["a"]


def test_a_locked_memory_gives_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    monkeypatch.setattr("tools.memory.store.LOCK_TIMEOUT_S", 0.1)
    memory = RunMemory(tmp_path)
    with (tmp_path / ".lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(StepFailed, match="in use by another process"):
            memory.add(lesson("a", "apple"))
    memory.add(lesson("a", "apple"))


@pytest.mark.parametrize("host", ["nowhere", "localhost:port", "http://localhost"])
def test_a_wrong_server_address(tmp_path: Path, host: str) -> None:
    with pytest.raises(StepFailed, match="host:8000"):
        RunMemory(tmp_path, host).add(lesson("a", "apple"))


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with socket.socket() as held:  # bound, not listening
        held.bind(("127.0.0.1", 0))
        with pytest.raises(StepFailed, match="cannot be used"):
            RunMemory(tmp_path, f"127.0.0.1:{held.getsockname()[1]}").search("apple", max_distance=1)


def _add_many(folder: Path, name: str) -> None:
    for number in range(5):
        RunMemory(folder).add(lesson(f"{name}{number}", "apple"))


@pytest.mark.slow
def test_two_processes_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_add_many, args=(tmp_path, name)) for name in "ab"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(LONG_S)
        assert worker.exitcode == 0, "a process is not done with its lessons"
    found = RunMemory(tmp_path).search("apple", max_distance=2, limit=20)
    assert sorted(le.run for le in found) == sorted(f"{name}{n}" for name in "ab" for n in range(5))


def test_the_tool_reads_and_reports(tmp_path: Path) -> None:
    memory = RunMemory(tmp_path / "memory")
    run = RunContext(
        tmp_path, RunRecord(name="t", request="", created="now"), Settings(memory_dir=memory.folder)
    )  # fmt: skip
    assert "nothing similar" in search(run, "apples")
    memory.add(lesson("a", "apple", weak=["light=deep shade"], scores={"real_test": 0.5}))
    said = json.loads(search(run, "apples"))
    assert said["done"] == "1 similar run"
    assert said["runs"][0]["weak"] == ["light=deep shade"] and said["runs"][0]["scores"] == {"real_test": 0.5}
    for number in range(4):
        memory.add(lesson(f"big{number}", *[f"apple {'x' * 70} {i}" for i in range(100)]))
    assert len(search(run, "apple")) <= 1500
    with pytest.raises(FixArguments, match="empty"):
        search(run, "  ")
    assert search_memory.name == "search_memory" and "runtime" not in search_memory.tool_call_schema.model_fields


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Build me an apple segmenter", "apple"),
        ("200 images of Ripe tomatoes, please", "ripe tomatoes"),
        ("帮我做一个苹果分割模型", "帮我做一个苹果分割模型"),
        ("", ""),
    ],
)
def test_content_words(text: str, expected: str) -> None:
    words = content_words(text)
    assert words.replace(" of", "") == expected
