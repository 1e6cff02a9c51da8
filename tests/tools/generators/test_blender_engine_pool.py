import os
import sys
from pathlib import Path

import psutil
import pytest

from tests.waiting import LONG_S, wait_until
from tools.core.errors import StepFailed, Stopped
from tools.generators import Failed, Generated
from tools.generators.blender.engine import BlenderGenerator, words_of
from tools.generators.blender.library import Library
from tools.generators.blender.pool import WorkerPool
from tools.scenes.scene import SceneSpec

FAKE = Path(__file__).with_name("fake_worker.py")


def make_pool(hello=None, **options):
    options = {"workers": 2, "timeout_s": LONG_S, "attempts": 2} | options
    return WorkerPool([sys.executable, str(FAKE)], hello or {}, **options)


def make_pool_in_which_time_flies_for_who_hangs(tmp_path):
    """A short limit would end workers that are only slow, on a machine that is busy."""
    hung = tmp_path / "hung"
    hung.touch()
    pool = make_pool({"hung": str(hung)})
    listen = pool._listen

    def listen_later(waiting):
        for worker in pool._workers:
            if str(worker.process.pid) in hung.read_text().split():
                worker.since -= LONG_S
        return listen(waiting)

    pool._listen = listen_later
    return pool


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("die", "killed by signal 11, 2 times; Segmentation fault"),
        ("hang", "no answer within 600 s, 2 times"),
        ("error", "KeyError: no such appearance"),
    ],
)
def test_a_bad_request_costs_only_itself(tmp_path, deed, reason):
    pool = make_pool_in_which_time_flies_for_who_hangs(tmp_path)
    bodies = [{"n": n} for n in range(6)]
    bodies[2]["deed"] = deed
    replies = {r.index: r for r in pool.map(bodies)}
    pool.close()
    assert sorted(replies) == list(range(6))
    assert replies[2].answer is None
    assert reason in replies[2].reason
    assert [replies[i].answer["square"] for i in (0, 1, 3, 4, 5)] == [0, 1, 9, 16, 25]


@pytest.mark.parametrize("deed", ["die", "hang"])
def test_a_request_that_fails_once_is_tried_again(deed, tmp_path):
    pool = make_pool_in_which_time_flies_for_who_hangs(tmp_path)
    replies = list(pool.map([{"n": 3, "deed": deed, "marker": str(tmp_path / "seen")}, {"n": 4}]))
    pool.close()
    assert {r.index: r.answer["square"] for r in replies} == {0: 9, 1: 16}


@pytest.mark.parametrize("deed", ["garbage", "other id"])
def test_lines_that_are_no_answer_are_passed_over(deed):
    pool = make_pool()
    assert [r.answer["square"] for r in pool.map([{"n": 5, "deed": deed}])] == [25]
    pool.close()


def test_workers_that_never_start_end_the_step_with_their_last_words():
    pool = make_pool({"mode": "never ready"})
    with pytest.raises(StepFailed, match=r"do not start.*no licence for this machine"):
        list(pool.map([{"n": 1}]))
    assert pool.pids() == []


def test_workers_are_kept_between_calls_and_ended_by_close():
    pool = make_pool(workers=1)
    first = next(iter(list(pool.map([{"n": 1}])))).answer["pid"]
    second = next(iter(list(pool.map([{"n": 2}])))).answer["pid"]
    assert first == second
    pool.close()
    assert gone(first)


@pytest.mark.parametrize(
    ("limit", "body"), [({"max_served": 2}, {"n": 1}), ({"max_rss_mb": 500}, {"n": 1, "rss_mb": 900})]
)
def test_workers_are_recycled(limit, body):
    pool = make_pool(workers=1, **limit)
    answers = [r.answer for r in pool.map([dict(body) for _ in range(5)])]
    pool.close()
    assert len({a["pid"] for a in answers}) >= 3
    assert max(a["served"] for a in answers) == limit.get("max_served", 1)


def test_an_abandoned_map_leaves_no_stale_answer(tmp_path):
    pool = make_pool({"hung": str(tmp_path / "hung")}, workers=2)
    stream = pool.map([{"n": 7}, {"n": 8, "deed": "hang"}, {"n": 9}])
    next(stream)
    stream.close()
    assert sorted(r.answer["square"] for r in pool.map([{"n": 2}, {"n": 3}])) == [4, 9]
    pool.close()


def test_workers_have_their_own_session_so_ctrl_c_passes_them_by():
    pool = make_pool(workers=1)
    pid = next(iter(list(pool.map([{"n": 1}])))).answer["pid"]
    assert os.getsid(pid) != os.getsid(0)
    pool.close()


def test_workers_end_when_their_parent_is_killed(tmp_path):
    code = (
        "import sys; from tools.generators.blender.pool import WorkerPool;"
        f"p = WorkerPool([sys.executable, {str(FAKE)!r}], {{}}, workers=1, timeout_s={LONG_S}, attempts=1);"
        "print(next(iter(list(p.map([{'n': 1}])))).answer['pid'], flush=True); sys.stdin.read()"
    )
    parent = psutil.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True)
    pid = int(parent.stdout.readline())
    assert not gone(pid)
    parent.kill()
    parent.wait()
    parent.stdin.close()
    parent.stdout.close()
    wait_until(lambda: gone(pid), f"worker {pid} ends")


FAKE_RENDER = """
import json, sys
from pathlib import Path
hello = json.loads(sys.stdin.readline())
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    if request["scene"]["context"] == "soil":
        print(json.dumps({"id": request["id"], "error": "ValueError: bad scene"}), flush=True)
        continue
    if request["scene"]["context"] != "road":
        Path(request["picture"]).write_bytes(b"jpeg")
    print(json.dumps({"id": request["id"], "instances": [{"class_name": "apple", "box": [1, 2, 3, 4]}],
                      "lookalikes": [], "notes": [], "models": [], "stages_ms": {"picture": 5.0}}), flush=True)
"""


def test_engine_yields_images_and_failures(tmp_path, monkeypatch):
    script = tmp_path / "worker.py"
    script.write_text(FAKE_RENDER)
    engine = BlenderGenerator(library=Library(), size_px=64, workers=1, avoid=["Red Boxes"])
    monkeypatch.setattr(engine._pool, "_command", [sys.executable, str(script)])
    scenes = [SceneSpec(context=c, light="sun", family="f", seed=1) for c in ("table", "soil", "road")]
    found = {r.scene.context: r for r in engine.generate(scenes, tmp_path / "pictures")}
    engine.close()
    assert isinstance(found["table"], Generated)
    assert found["table"].image == (tmp_path / "pictures" / f"{scenes[0].id}.jpg").resolve()
    assert found["table"].instances[0].box == (1, 2, 3, 4)
    assert found["table"].provenance["engine"] == "blender"
    assert isinstance(found["soil"], Failed) and found["soil"].reason == "ValueError: bad scene"
    assert isinstance(found["road"], Failed) and found["road"].reason == "the worker wrote no picture"


def test_engine_says_what_is_missing(tmp_path, monkeypatch):
    engine = BlenderGenerator(library=Library(), size_px=64)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(StepFailed, match="pip install bpy"):
        list(engine.generate([], tmp_path))


def test_importing_the_engine_loads_no_blender():
    code = "import sys, tools.generators.blender.engine as e; e; sys.exit('bpy' in sys.modules)"
    assert psutil.Popen([sys.executable, "-c", code]).wait() == 0


def test_words_of_class_names():
    assert {"red", "box", "boxes", "bottle"} <= words_of(["Red Boxes", "bottles"])


def test_a_stop_ends_the_waiting_for_an_answer_and_its_worker():
    """A first image may take long: who asks to stop does not wait for it."""
    pool, asked = make_pool(timeout_s=50.0), []

    def check():
        asked.append(pool.pids())
        if any(asked):  # its worker starts, or hangs in its request; either way it is not waited for
            raise Stopped("stopped by the user")

    pool.while_waiting = check
    with pytest.raises(Stopped):
        list(pool.map([{"n": 1, "deed": "hang"}]))
    pool.close()
    seen = {pid for pids in asked for pid in pids}
    assert seen
    assert all(gone(pid) for pid in seen)
