"""A cluster makes the images that one machine makes, also when a worker dies on the way."""

import json
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from agent.cli import app as cli
from tests.fakes import ShapeGenerator
from tests.pipeline import new_run
from tools import cluster
from tools.core.errors import StepFailed
from tools.data.sample import Instance
from tools.generators import Failed
from tools.steps.generate import generate
from tools.steps.scenes import design
from tools.steps.score import score

FLAG = "MURDER_FLAG"  # environment: a file; the first process to find it missing makes it and dies


class Mortal(ShapeGenerator):
    """Draws shapes; once, after the fifth image anywhere, the process that draws is killed."""

    def generate(self, scenes, folder):
        for scene, result in zip(scenes, super().generate(scenes, folder), strict=True):
            flag = Path(os.environ.get(FLAG, "/nowhere/at/all"))
            if flag.parent.is_dir() and scene.seed % 3 == 0:
                try:
                    flag.touch(exist_ok=False)
                except FileExistsError:
                    pass
                else:
                    os.kill(os.getpid(), signal.SIGKILL)
            yield result


def _run(folder, **options):
    run = new_run(folder, "apple", images=24, rounds=1, generator="tests.tools.test_cluster:Mortal", **options)
    design(run, 24, [], None)
    return run


def _facts(run):
    return {s.id: (s.sha256, s.quality, s.scores, s.verdict, s.instances) for s in run.dataset.samples()}


@pytest.mark.slow
def test_two_nodes_make_what_one_machine_makes_though_a_worker_is_killed(tmp_path, monkeypatch):
    pytest.importorskip("ray")
    here = _run(tmp_path / "here")
    generate(here)
    score(here)
    monkeypatch.setenv(FLAG, str(tmp_path / "killed"))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_worker_niceness", "0")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    from ray.cluster_utils import Cluster

    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    nodes.add_node(num_cpus=1)
    try:
        there = _run(tmp_path / "there", engine="ray", ray_address=nodes.address)
        report = json.loads(generate(there))
        score(there)
    finally:
        import ray

        ray.shutdown()
        nodes.shutdown()
    assert (tmp_path / "killed").exists()
    events = [json.loads(line) for line in (there.folder / "events.jsonl").read_text().splitlines()]
    assert sum("a worker of the cluster died" in e.get("text", "") for e in events) == 1
    assert "failed" not in report
    assert _facts(there) == _facts(here)
    assert len(_facts(here)) == 24
    assert there.record.engines == here.record.engines


# Ray's own part is left out below: what a pool does with answers is the same ----------------------------------------


class _Ray:
    """Workers in this process, by Ray's names: `deaths` says how often each unit's worker dies."""

    def __init__(self, deaths=None):
        self.deaths, self.killed, self.hired = dict(deaths or {}), 0, 0

    def is_initialized(self):
        return True

    def cluster_resources(self):
        return {"CPU": 2.0}

    def put(self, value):
        return value

    def remote(self, **_options):
        return lambda _class: self

    def options(self, **_options):
        return SimpleNamespace(remote=self._hire)

    def _hire(self, order, factory):
        self.hired += 1
        return _Worker(self, factory)

    def kill(self, worker):
        self.killed += 1

    def wait(self, answers, **_options):
        return answers[:1], answers[1:]

    def get(self, answer):
        if isinstance(answer.value, Exception):
            raise answer.value
        return answer.value


class _Answer:
    def __init__(self, value):
        self.value = value


class _Worker:
    def __init__(self, ray, factory):
        from ray.exceptions import ActorDiedError

        work = factory(None)

        def answer(unit):
            if ray.deaths.get(unit, 0) > 0:
                ray.deaths[unit] -= 1
                return _Answer(ActorDiedError())
            return _Answer(work(unit))

        self.work = SimpleNamespace(remote=answer)
        self.open = SimpleNamespace(remote=lambda: _Answer(1))


def _double(_run):
    return lambda unit: 2 * unit


@pytest.mark.parametrize(
    ("deaths", "expected", "hired"),
    [
        ({}, {0: 0, 1: 2, 2: 4}, 2),
        ({1: 1}, {0: 0, 1: 2, 2: 4}, 3),  # done again by another
        ({1: 9}, {0: 0, 1: "its worker died 2 times", 2: 4}, 3),  # a killer is given up, the others are not
    ],
)
def test_a_dead_worker_costs_time_alone(tmp_path, monkeypatch, deaths, expected, hired):
    pytest.importorskip("ray")
    ray = _Ray(deaths)
    monkeypatch.setattr(cluster, "connect", lambda _address: ray)
    run = new_run(tmp_path)
    pool = cluster.RayPool(run, _double, networks=False)
    found = {i: getattr(r, "reason", r) for i, r in pool.map([0, 1, 2])}
    pool.close()
    assert found == expected
    assert ray.hired >= hired
    assert ray.killed == ray.hired


def test_without_ray_it_is_said_and_nothing_begins(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.chdir(tmp_path)
    for arguments in (["build", "segment apples", "--engine", "ray"], ["build", "apples", "--address", "h:1"]):
        result = CliRunner().invoke(cli.app, arguments)
        assert result.exit_code == 2
        assert "pip install 'sightsmith[cluster]'" in " ".join(result.output.split())
    assert not (tmp_path / "runs").exists()
    with pytest.raises(StepFailed, match="cluster"):
        cluster.connect(None)


def test_workers_get_no_key_and_no_photo(tmp_path):
    run = new_run(tmp_path, openai_api_key="sk-secret", image_api_key="sk-other", workers=7)
    run.record.real = str(tmp_path)
    order = cluster.Order.of(run)
    assert "sk-" not in repr(order) + order.settings.model_dump_json()
    assert order.settings.openai.api_key is None
    assert (order.settings.generation.workers, order.settings.cluster.engine, order.record.real) == (1, "local", None)


def test_an_engine_that_pays_stays_where_its_ledger_is(tmp_path):
    from tools.steps.generate import _spread

    class Paid(ShapeGenerator):
        spent_usd = 0.0

    run = new_run(tmp_path, engine="ray")
    paid = Paid(run.settings)
    assert _spread(run, paid) is paid
    assert _spread(run, ShapeGenerator(run.settings)).name == "shapes"


def test_a_scene_alone_is_failed_when_it_kills_its_workers(tmp_path, monkeypatch):
    """A lost unit of several scenes is done again one by one, so that one scene takes no other with it."""
    from tools.cluster import stages

    run = new_run(tmp_path, images=24)
    design(run, 6, [], None)
    scenes = run.dataset.pending_scenes()
    asked = []

    class Pool:
        size = 1

        def __init__(self, *_arguments, **_options):
            pass

        def map(self, units):
            asked.append([len(u) for u in units])
            for index, unit in enumerate(units):
                if scenes[1] in unit:
                    yield index, cluster.Lost("its worker died 2 times")
                else:
                    yield index, [(Failed(s, "drawn"), b"") for s in unit]

        def close(self):
            pass

    monkeypatch.setattr(stages, "RayPool", Pool)
    engine = stages.RayGenerator(run, ShapeGenerator(run.settings))
    reasons = {r.scene.id: r.reason for r in engine.generate(scenes, tmp_path / "x")}
    assert asked == [[4, 2], [1, 1, 1, 1]]
    assert [s.id for s in scenes if reasons[s.id] != "drawn"] == [scenes[1].id]
    assert set(reasons) == {s.id for s in scenes}


def test_labels_come_back_in_order(tmp_path, monkeypatch):
    from collections import Counter

    from tools.cluster import stages

    class Pool:
        size = 2

        def __init__(self, *_arguments, **_options):
            pass

        def map(self, units, load):
            for index in reversed(range(len(units))):  # the last one is finished first
                images, samples = load(units[index])
                labels = [[Instance(class_name=s, box=(0, 0, 1, 1))] for s in samples]
                yield index, (labels, Counter({"too small": len(images)}))

    monkeypatch.setattr(stages, "RayPool", Pool)
    run = new_run(tmp_path, detector_batch=2)
    engine = stages.RayAnnotator(run, "n", "v", "l", None)
    found = engine.annotate_many([0] * 5, list("abcde"), run.task)
    assert [own[0].class_name for own in found] == list("abcde")
    assert engine.dropped == {"too small": 5}
    assert engine.at_once == 16


@pytest.mark.parametrize("stage", ["generating", "scoring"])
def test_a_worker_does_what_is_done_here(tmp_path, stage):
    """Its order alone, in a folder of its own: no image, row or setting of the run is at hand."""
    import pickle

    from tools.cluster import stages
    from tools.data.images import read_image

    run = new_run(tmp_path / "here", "apple", images=24)
    design(run, 4, [], None)
    generate(run)
    samples = list(run.dataset.samples())
    scenes = {s.id: s for s in run.dataset.scenes()}
    order = pickle.loads(pickle.dumps(cluster.Order.of(run)))
    seat = cluster.Seat(order, getattr(stages, stage))
    assert seat.open() == os.getpid()
    if stage == "generating":
        results = seat.work([scenes[s.scene_id] for s in samples])
        assert [r.instances for r, _ in results] == [s.instances for s in samples]
        for sample, (_, data) in zip(samples, results, strict=True):
            assert b"digitalsourcetype" not in data  # who keeps an image says in it that it was made
            (tmp_path / "made.png").write_bytes(data)
            assert (read_image(tmp_path / "made.png") == read_image(run.path(sample.image))).all()
    else:
        found = seat.work(([read_image(run.path(s.image)) for s in samples], samples))
        score(run)
        assert {i: u["quality"] for i, u in found.updates.items()} == {s.id: s.quality for s in run.dataset.samples()}


def test_a_worker_that_lacks_something_says_where(tmp_path):
    from tools.cluster import stages

    run = new_run(tmp_path, generator="diffusion", diffusion_model="nobody/none", profile="offline")
    with pytest.raises(StepFailed, match=r"^on .+: The weights of nobody/none are not on this machine"):
        cluster.Seat(cluster.Order.of(run), stages.generating).open()
