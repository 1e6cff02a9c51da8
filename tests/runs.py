"""Finished-looking runs for tests of what comes after the work: memory, report. Images and masks are truly drawn."""

from pathlib import Path
from typing import Any

import numpy as np

from tests.fakes import ShapeGenerator, _number
from tools.core.settings import Settings
from tools.core.task import Budget, ClassSpec, TaskKind, TaskSpec
from tools.data.dataset import file_sha256, sample_id
from tools.data.sample import Instance, Sample
from tools.data.scores import Diagnosis, EvaluatedOn, Evaluation, SliceScore, WeakSlice
from tools.runs.runtime import Best, Round, RunContext, RunRecord, StageTime, write_json
from tools.scenes.scene import CONTEXTS, LIGHTS, SceneObject, SceneSpec

SPLITS = ("train", "train", "train", "val", "test")


def evaluation(on: EvaluatedOn, score: float, kind: TaskKind = "segment", **fields: Any) -> Evaluation:
    metric = {"segment": "mask_map50", "detect": "box_map50", "classify": "accuracy"}[kind]
    values = {
        "on": on, "images": 20, "instances": 55, "metric": metric, metric: score, "precision": 0.8, "recall": 0.7,
        "f1": 0.747, "threshold": 0.31, "intervals": {metric: (score - 0.08, score + 0.07)},
        "empties": 3, "false_positives_per_empty": 0.33,
    }  # fmt: skip
    if kind == "segment":
        values |= {"mask_map50_95": score * 0.6, "box_map50": score + 0.02, "box_map50_95": score * 0.65}
    return Evaluation(**values | fields)


def make_run(
    folder: Path,
    *,
    rounds: int = 2,
    kind: TaskKind = "segment",
    names: tuple[str, ...] = ("apple",),
    request: str = "build me an apple segmenter",
    measured: bool = True,
    generated: bool = True,
    images: int = 15,
    size_px: int = 96,
) -> RunContext:
    """A run with `rounds` rounds: scenes, images with exact labels, dropped ones, scores, stage times."""
    folder.mkdir(parents=True)
    task = TaskSpec(
        kind=kind,
        classes=[ClassSpec(name=n) for n in names],
        budget=Budget(images=images * 2, rounds=2),
        request=request,
    )
    record = RunRecord(name=folder.name, request=request, created="2026-01-01T10:00:00+00:00", task=task, approved=True)
    run = RunContext(folder, record, Settings(memory_dir=folder.parent / "memory", effort="quick"))
    for number in range(1, rounds + 1):
        record.rounds.append(Round(number=number))
        scenes = _scenes(names, number, images)
        run.dataset.add_scenes(number, scenes)
        if generated:
            _draw(run, scenes, kind, size_px)
            record.rounds[-1].generated = run.dataset.count(round_number=number)
            record.rounds[-1].kept = run.dataset.count(round_number=number, verdict="kept")
            record.stages.append(StageTime(name="generate", round=number, seconds=1.5 * images))
        if measured:
            _measure(run, number, kind, names)
    run.save()
    return run


def _scenes(names: tuple[str, ...], number: int, images: int) -> list[SceneSpec]:
    rng = np.random.default_rng(number)
    scenes = []
    for i in range(images):
        boxes = [(*rng.uniform(0.25, 0.75, 2), *rng.uniform(0.2, 0.45, 2)) for _ in range(i % 4)]
        objects = [
            SceneObject(
                class_name=names[k % len(names)], drawn_as=names[k % len(names)], appearance="ripe", box=box, depth=k
            )
            for k, box in enumerate(boxes, start=i)
        ]
        scenes.append(
            SceneSpec(
                context=CONTEXTS[i % len(CONTEXTS)], light=LIGHTS[i % 3], objects=objects, family=f"{number}-{i}",
                seed=1000 * number + i, caption=f"scene {i}",
            )
        )  # fmt: skip
    return scenes


def _draw(run: RunContext, scenes: list[SceneSpec], kind: TaskKind, size_px: int) -> None:
    engine = ShapeGenerator(size_px=size_px)
    scratch = run.folder / "scratch"
    scratch.mkdir(exist_ok=True)
    updates: dict[str, dict[str, Any]] = {}
    for position, made in enumerate(engine.generate(scenes, scratch)):
        identity = sample_id(made.scene, engine.name)
        sample = Sample(
            id=identity, scene_id=made.scene.id, round=run.round.number, image=f"images/{identity}.png",
            width=made.width, height=made.height, sha256=file_sha256(made.image), family=made.scene.family,
            axes=made.scene.axes(), engine=engine.name, seed=made.scene.seed, instances=made.instances,
            label=made.scene.targets[0].class_name if kind == "classify" and made.scene.targets else None,
        )  # fmt: skip
        run.dataset.add_sample(sample, made.image)
        dropped = position % 6 == 5
        updates[identity] = {
            "verdict": "dropped" if dropped else "kept", "split": None if dropped else SPLITS[position % len(SPLITS)],
            "quality": 0.2 if dropped else 0.8, "reasons": ["too dark"] if dropped else [],
        }  # fmt: skip
    run.dataset.update_samples(updates)
    run.record.engines["shapes"] = {"version": "1", "licence": "AGPL-3.0-or-later", "for": "pictures", "why": "a test"}


def _measure(run: RunContext, number: int, kind: TaskKind, names: tuple[str, ...]) -> None:
    current, score = run.round, 0.3 + 0.2 * number
    shade = 0.2 + 0.2 * (number - 1)
    slices = {
        "light=deep shade": SliceScore(images=5, instances=12, score=shade),
        "light=sun": SliceScore(images=9, instances=20, score=score + 0.1),
        "distance=far": SliceScore(images=4, instances=10, score=0.25),
    }
    val = evaluation("synthetic_val", score, kind, per_slice=slices)
    test = evaluation(
        "synthetic_test",
        0.6 + number / 200,
        kind,
        per_class={n: SliceScore(images=9, instances=20, score=0.6) for n in names},
    )
    current.scores = {"synthetic_val": val, "synthetic_test": test}
    current.focus = [] if number == 1 else ["light=deep shade"]
    current.accepted = True
    current.weights = f"rounds/{number:02d}/weights.safetensors"
    weak = ("light", "deep shade", shade) if number == 1 else ("distance", "far", 0.25)
    current.diagnosis = Diagnosis(
        round=number, on="synthetic_val", errors={"missed": 5},
        weak=[WeakSlice(axis=weak[0], value=weak[1], score=weak[2], rest=0.7, instances=12, errors={"missed": 5})],
    )  # fmt: skip
    history = [
        {"epoch": e, "epochs": 12, "loss": 3 / e + 0.4, **({"val_score": score * e / 12} if e % 3 == 0 else {})}
        for e in range(1, 13)
    ]
    write_json(run.round_folder(number) / "training.json", {"history": history, "started_from": "random"})
    run.record.stages += [
        StageTime(name="train", round=number, seconds=40),
        StageTime(name="evaluate", round=number, seconds=9),
    ]
    run.record.best = Best(round=number, weights=current.weights, threshold=0.31)
    run.record.evaluation = {"synthetic_test": test, "real_test": None}


class Imprecise:
    """Answers like a model: knows the truth of a run and gets a part of it wrong, the same part every time."""

    size_px = 96

    def __init__(self, run: RunContext, extra: list[Sample] | None = None) -> None:
        from tools.data.images import read_image

        self.kind: TaskKind = run.task.kind
        self.names = run.task.class_names
        self._truth = {}
        for sample in [*run.dataset.samples(), *(extra or [])]:
            self._truth[read_image(run.folder / sample.image).tobytes()] = sample

    def predict_many(self, images: list[np.ndarray], confidence: float) -> list[list[Instance]]:
        return [self._answer(self._truth[p.tobytes()]) for p in images]

    def classify_many(self, images: list[np.ndarray]) -> list[dict[str, float]]:
        answers = []
        for image in images:
            sample = self._truth[image.tobytes()]
            right = self.names.index(sample.label) if sample.label in self.names else 0
            wrong = _number(sample.id) % 3 == 0
            said = (right + wrong) % len(self.names)
            answers.append(
                {n: 0.9 if i == said else 0.1 / max(1, len(self.names) - 1) for i, n in enumerate(self.names)}
            )
        return answers

    def _answer(self, sample: Sample) -> list[Instance]:
        found = [i.model_copy(update={"score": 0.9 - 0.1 * k}) for k, i in enumerate(sample.instances)]
        return found[1:] if _number(sample.id) % 3 == 0 else found
