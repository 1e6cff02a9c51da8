"""The image service through the real client, with faults: nothing lost, nothing overspent, nothing said of the key."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from tests.impatience import give_up_on_silence
from tests.pipeline import new_run
from tests.tools.generators.image_service import ImageService, fault
from tests.waiting import LONG_S, wait_until
from tools.core.errors import FixArguments, StepFailed, Stopped
from tools.core.ledger import Ledger
from tools.core.settings import Settings, flat
from tools.data.images import read_image
from tools.drawable.classes import ClassArgument
from tools.generators import Failed, Generated
from tools.generators import openai_images as module
from tools.generators.choosing import make_generator
from tools.generators.openai_images import OpenAIImages
from tools.runs.runtime import Round
from tools.scenes.scene import SceneSpec
from tools.steps.generate import generate
from tools.steps.plan_text import plan_for_person
from tools.steps.task import Wanted, define

KEY = "sk-secret-4711-abcdefgh"
GARBAGE = [
    b"<html>", b"{}", b"[1, 2", b"null", b'{"data": []}', b'{"data": [{"b64_json": "bm8gcGljdHVyZQ=="}]}',
    b'{"data": [{"b64_json": "%"}]}', b'{"data": [{"url": "file:///etc/hostname"}]}',
]  # fmt: skip


@pytest.fixture
def service(monkeypatch):
    server = ImageService()
    monkeypatch.setattr(module, "BACKOFF_S", 0.01)
    yield server
    server.close()


def settings(service, **changed):
    options = {
        "image_base_url": service.url, "image_api_key": KEY, "image_price": 0.01, "image_timeout_s": LONG_S,
        "image_requests_per_minute": 60_000.0, "size_px": 64, "image_attempts": 3,
    }  # fmt: skip
    return Settings(**options | changed)


def engine(service, folder, cap=10.0, **changed):
    return OpenAIImages(settings(service, **changed), folder, cap)


def scenes(count):
    return [
        SceneSpec(caption=f"A photo of apple {i}", context="table", light="sun", family=str(i), seed=i)
        for i in range(count)
    ]


def everything(made, wanted, folder):
    results = list(made.generate(wanted, folder))
    made.close()
    return results


def kept(results):
    return [r for r in results if isinstance(r, Generated)]


# Images -------------------------------------------------------------------------------------------------------------


def test_a_caption_becomes_an_image_with_its_provenance(service, tmp_path):
    results = everything(engine(service, tmp_path, image_quality="low"), scenes(3), tmp_path / "scratch")
    assert [r.scene.seed for r in results] == [0, 1, 2]
    assert sorted(r["prompt"] for r in service.requests) == [f"A photo of apple {i}" for i in range(3)]
    wanted = {"model": "gpt-image-1-mini", "size": "1024x1024", "n": 1, "quality": "low"}
    assert service.requests[0].items() >= wanted.items()
    assert set(service.keys) == {f"Bearer {KEY}"}
    for result in results:
        assert result.instances == []
        assert read_image(result.image).shape == (64, 64, 3)
        assert result.provenance["cost_usd"] == 0.01
        assert result.provenance["prompt"] == result.scene.caption
        assert result.provenance["revised_prompt"] == "as I saw it"
        assert KEY not in json.dumps(result.provenance)


def test_a_link_is_followed_even_when_it_stumbles(service, tmp_path):
    service.script, service.broken_links = ["link"], 2
    (result,) = everything(engine(service, tmp_path), scenes(1), tmp_path / "s")
    red, green, _ = read_image(result.image).mean(axis=(0, 1))
    assert green > 150 > red
    assert len(service.requests) == 1  # the image was paid for: only its link is tried again


def test_requests_run_at_once_but_no_more_than_allowed(service, tmp_path):
    service.together = 3
    results = everything(engine(service, tmp_path, image_concurrency=3), scenes(8), tmp_path / "s")
    assert len(kept(results)) == 8
    assert service.most_running == 3


def test_requests_are_sent_no_faster_than_allowed(service, tmp_path, monkeypatch):
    class NeverEnding(threading.Event):
        def wait(self, timeout=None):
            waits.append(timeout)
            return False

    waits = []
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: 100.0, perf_counter=time.perf_counter))
    made = engine(service, tmp_path, image_requests_per_minute=60 / 0.5)
    made._ending = NeverEnding()
    assert len(kept(everything(made, scenes(6), tmp_path / "s"))) == 6
    assert sorted(waits) == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0, 2.5])  # from one and the same moment


# Faults ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "cost"),
    [
        (fault(429, "slow down"), 0.01),
        (fault(500, "oops"), 0.01),
        (fault(503, "busy"), 0.01),
        ("silence", 0.02),  # it may have been charged: nobody knows
        ("cut", 0.02),
        *((text, 0.02) for text in GARBAGE),
    ],
)
def test_a_passing_fault_is_tried_again_and_the_books_are_right(service, tmp_path, monkeypatch, bad, cost):
    service.script = [bad, "picture"]
    limits = give_up_on_silence(monkeypatch, service.silent)
    made = engine(service, tmp_path, image_timeout_s=432.1)
    (result,) = everything(made, scenes(1), tmp_path / "s")
    assert isinstance(result, Generated)
    assert len(service.requests) == 2
    assert made.spent_usd == result.provenance["cost_usd"] == cost
    assert made.spent_usd >= 0.01 * service.charged
    assert limits == [432.1] * 2


def test_an_answer_that_never_ends_is_given_up_and_may_have_cost(service, tmp_path, monkeypatch):
    limits = []

    def drips_once(ask, seconds):
        limits.append(seconds)
        if len(limits) == 1:
            raise TimeoutError
        return ask()

    monkeypatch.setattr(module, "in_time", drips_once)
    made = engine(service, tmp_path, image_timeout_s=100.0)
    (result,) = everything(made, scenes(1), tmp_path / "s")
    assert isinstance(result, Generated)
    assert limits == [200, 200]
    assert made.spent_usd == pytest.approx(0.02)


def test_a_lasting_fault_costs_one_image_not_the_others(service, tmp_path):
    service.script = ["picture", *[fault(500, f"no, says {KEY}")] * 3, "picture"]
    results = everything(engine(service, tmp_path, image_concurrency=1), scenes(4), tmp_path / "s")
    assert [isinstance(r, Failed) for r in results] == [False, True, False, False]
    assert "500" in results[1].reason
    assert "3 attempts" in results[1].reason
    assert KEY not in results[1].reason


def test_refusals_are_counted_free_and_not_repeated(service, tmp_path):
    service.script = [fault(400, "Your request was rejected by the safety system", "moderation_blocked"), "picture"]
    made = engine(service, tmp_path, image_concurrency=1)
    results = everything(made, scenes(3), tmp_path / "s")
    assert "refused the prompt" in results[0].reason
    assert made.counts["refused"] == 1
    assert (len(service.requests), made.spent_usd) == (3, 0.02)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (fault(401, f"bad key {KEY}"), "401.*check the key"),
        (fault(404, "no such model"), "404.*gpt-image-1-mini"),
        (fault(400, "size 1024x1024 is not supported"), "the size 1024x1024"),
        (fault(429, "pay first", "insufficient_quota"), "account is empty"),
        (fault(500, "down"), "does not work.*stay planned"),
        (fault(502, "upstream: connection refused"), "does not work.*stay planned"),  # no prompt was refused
    ],
)
def test_what_no_request_can_mend_stops_it_and_keeps_what_is_done(service, tmp_path, answer, words):
    service.script, service.together = ["picture", "picture", answer], 2
    made = engine(service, tmp_path, image_attempts=1, image_concurrency=2)
    results = []
    with pytest.raises(StepFailed, match=words) as caught:
        for result in made.generate(scenes(30), tmp_path / "s"):
            results.append(result)
    made.close()
    assert KEY not in str(caught.value)
    assert len(kept(results)) == 2
    assert len(service.requests) < 16


def test_a_closed_port_is_explained_and_costs_nothing(service, tmp_path):
    made = engine(service, tmp_path, image_base_url="http://127.0.0.1:9/v1", image_attempts=1)
    with pytest.raises(StepFailed, match="connection to the image service failed"):
        everything(made, scenes(10), tmp_path / "s")
    assert made.spent_usd == 0


# Money ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("concurrency", [1, 6])
def test_the_cap_is_never_passed(service, tmp_path, concurrency):
    made = engine(service, tmp_path, cap=0.05, image_concurrency=concurrency)
    results = everything(made, scenes(20), tmp_path / "s")
    assert len(kept(results)) == len(results) == service.charged == 5
    assert made.spent_usd == 0.05
    assert "$0.05 of the $0.05" in made.stopped


def test_money_that_comes_back_is_used(service, tmp_path):
    service.script, service.delay_s = [*[fault(500, "oops")] * 6, "picture"], 0.02
    made = engine(service, tmp_path, cap=0.05, image_concurrency=6, image_attempts=9)
    results = everything(made, scenes(20), tmp_path / "s")
    assert (len(kept(results)), service.charged) == (5, 5)


def test_the_cap_holds_when_nobody_knows_what_was_charged(service, tmp_path, monkeypatch):
    give_up_on_silence(monkeypatch, service.silent)
    service.script = ["silence", "cut", "picture"]
    made = engine(service, tmp_path, cap=0.04, image_concurrency=4)
    results = everything(made, scenes(9), tmp_path / "s")
    assert made.spent_usd == 0.04 >= 0.01 * service.charged
    assert len(kept(results)) == 2


@pytest.mark.parametrize(
    ("changed", "cap", "words"),
    [
        ({"image_price": None}, 1.0, "SIGHTSMITH_IMAGE_PRICE"),
        ({"image_price": 0.04}, 0.03, r"costs \$0.04 and this run may spend \$0.03; allow more with --money"),
        ({"image_base_url": None, "image_api_key": None}, 1.0, "OPENAI_API_KEY"),
        ({}, 1.0, None),
        ({"image_price": 0.0, "image_api_key": None}, 0.0, None),  # a server of one's own
    ],
)
def test_what_is_missing_is_said_in_one_sentence(service, tmp_path, changed, cap, words):
    problem = engine(service, tmp_path, cap, **changed).unavailable()
    if words is None:
        assert problem is None
    else:
        assert re.search(words, problem)


def test_the_books_survive_half_a_line(tmp_path):
    path = tmp_path / "ledger.jsonl"
    first = Ledger(path, 0.05)
    first.settle(first.reserve("a", 0.01), "kept")
    first.settle(first.reserve("b", 0.01), "refunded")
    first.reserve("c", 0.01)  # killed on the way: it may have been charged
    with path.open("a") as file:
        file.write('{"number": 4, "for": "d", "us')
    again = Ledger(path, 0.05)
    assert again.spent_usd == 0.02
    assert (again.cost_of("a"), again.cost_of("b"), again.cost_of("c")) == (0.01, 0.0, 0.01)
    assert [again.reserve(str(i), 0.01) is not None for i in range(3)] == [True, True, True]
    assert Ledger(path, 0.05).spent_usd == 0.05


# Runs -----------------------------------------------------------------------------------------------------------------


def paid_run(folder, service, count=12, money=1.0, **changed):
    values = flat(settings(service, **changed).model_dump())
    values = {k: v for k, v in values.items() if k not in ("runs_dir", "memory_dir", "size_px", "generator")}
    run = new_run(folder, generator="openai_images", images=count, **values)
    run.task.budget.money = money
    run.dataset.add_scenes(1, scenes(count))
    run.record.rounds.append(Round(number=1))
    return run


def test_a_run_counts_its_money_and_ends_early_with_what_it_has(service, tmp_path):
    run = paid_run(tmp_path, service, 12, money=0.07)
    answer = json.loads(generate(run))
    assert answer["pictures_in_all"] == 7
    assert answer["money"] == run.record.totals["money"] == 0.07
    assert "$0.07 of the $0.07" in answer["stopped"]
    assert len(run.dataset.pending_scenes()) == 5
    assert sum(s.provenance["cost_usd"] for s in run.dataset.samples()) == pytest.approx(0.07)


def test_a_stop_on_the_way_loses_and_doubles_nothing(service, tmp_path):
    run = paid_run(tmp_path, service)
    real, left = run.check_stop, iter(range(3))

    def stop_after_three():
        if next(left, None) is None:
            wait_until(lambda: service.charged > 4, "others are on their way")
            run.stop_requested.set()
            real()

    run.check_stop = stop_after_three
    with pytest.raises(Stopped):
        generate(run)
    paid = service.charged
    assert 4 < paid < 12
    assert run.record.totals["money"] == pytest.approx(0.01 * paid)
    run.stop_requested.clear()
    run.check_stop = real
    generate(run)
    assert (run.dataset.count(), service.charged) == (12, 12)
    assert run.record.totals["money"] == pytest.approx(0.12)


_KILLED = """
import sys
from pathlib import Path
from tests.tools.generators.test_openai_images import paid_run
from tools.steps.generate import generate
class Service: url = sys.argv[2]
generate(paid_run(Path(sys.argv[1]), Service))
"""


@pytest.mark.slow
def test_killed_half_way_and_resumed_it_pays_once(service, tmp_path):
    service.script = [*["picture"] * 5, "silence"]  # so that it is never done before it is killed
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.Popen([sys.executable, "-c", _KILLED, str(tmp_path), service.url], env=environment)
    wait_until(lambda: service.charged > 5, lambda: f"paid for six pictures: {service.charged}, {child.poll()=}")
    child.send_signal(signal.SIGKILL)
    child.wait()
    service.script = ["picture"]
    first = service.charged
    assert 5 <= first < 12
    run = paid_run(tmp_path, service)
    generate(run)
    assert run.dataset.count() == 12
    assert not run.dataset.pending_scenes()
    # At most what was on the wire at that moment is paid for again, and the books know of it.
    assert 12 <= service.charged <= 12 + run.settings.image.concurrency
    assert run.record.totals["money"] >= 0.01 * service.charged - 1e-9


def test_the_key_and_the_address_are_not_written_down(service, tmp_path):
    from agent.run_folder import start_run

    run = start_run("apples", settings(service, runs_dir=tmp_path))
    text = (run.folder / "run.json").read_text()
    assert KEY not in text
    assert service.url not in text


def test_the_engine_of_the_settings_is_made(service, tmp_path):
    made = make_generator(paid_run(tmp_path, service))
    assert isinstance(made, OpenAIImages)
    assert (made.name, made.version) == ("openai_images", "gpt-image-1-mini")


@pytest.mark.parametrize(("money", "refused"), [(None, True), (0.5, True), (2.0, False)])
def test_a_plan_says_what_it_costs_and_needs_the_users_money(service, tmp_path, money, refused):
    run = paid_run(tmp_path, service)
    run.record.rounds, run.record.task, run.record.approved, run.auto_approve = [], None, False, True
    run.settings.image.price = 0.02
    wanted = Wanted(kind="detect", classes=[ClassArgument(name="zorb")], images=50, money=money)
    if refused:
        with pytest.raises(FixArguments, match=r"50 pictures of gpt-image-1-mini cost about \$1.00"):
            define(run, wanted)
    else:
        define(run, wanted)
        assert run.record.estimate["money"] == 1.0
        assert plan_for_person(run)["money"].startswith(
            "about $1.00 for pictures of gpt-image-1-mini; never more than $2"
        )
