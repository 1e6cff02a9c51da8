"""A run with drawn images and models that know the truth and spoil it: every score in these tests is computed."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from tests.fakes import ShapeGenerator
from tools.core.settings import Settings
from tools.core.task import Budget, ClassSpec, TaskKind, TaskSpec
from tools.data.dataset import file_sha256, sample_id
from tools.data.images import read_image
from tools.data.sample import Instance, Sample, encode_mask, mask_box
from tools.runs.runtime import Round, RunContext, RunRecord
from tools.scenes.scene import SceneObject, SceneSpec

SIZE = 96
_TEMPLATES = tempfile.TemporaryDirectory(prefix="sightsmith-tests-")
LIGHTS = ("sun", "overcast", "deep shade")
SPLITS = ("val", "test", "val", "train")
# What a model makes of one truth: detections, whose masks are cut from the truth's own.
Behaviour = Callable[[Sample, Instance, np.random.Generator], list[Instance]]


def scene(number: int, objects: int = 3) -> SceneSpec:
    """Objects side by side; light and distance go round, each seventh image is empty."""
    share = (0.3, 0.12)[number // len(LIGHTS) % 2]
    things = [
        SceneObject(class_name=("apple", "pear")[(number // 4 + k) % 2], drawn_as="apple", appearance="red",
                    box=(0.18 + 0.32 * k, 0.3 + 0.4 * ((number + k) % 2), share, share))
        for k in range(0 if number % 7 == 6 else objects)
    ]  # fmt: skip
    return SceneSpec(context="table", light=LIGHTS[number % 3], distance="near" if share > 0.2 else "medium",
                     family=f"f{number}", seed=number, objects=things)  # fmt: skip


def make_run(
    folder: Path, images: int = 48, kind: TaskKind = "segment", classes: Sequence[str] = ("apple", "pear"),
    first: int = 0, **options: object,
) -> RunContext:  # fmt: skip
    """An approved run with kept, split images and no round yet."""
    if images:
        shutil.copytree(_drawn(first, images, kind, tuple(classes)), folder, dirs_exist_ok=True)
    return _open(folder, kind, classes, options)


@cache
def _drawn(first: int, images: int, kind: TaskKind, classes: tuple[str, ...]) -> Path:
    """The folder of a run that is drawn once and copied from then on."""
    folder = Path(_TEMPLATES.name) / f"{first}-{images}-{kind}-{len(classes)}"
    folder.mkdir()
    run = _open(folder, kind, classes, {})
    add_images(run, range(first, first + images), 1)
    run.dataset.close()
    return folder


def _open(folder: Path, kind: TaskKind, classes: Sequence[str], options: dict[str, object]) -> RunContext:
    task = TaskSpec(kind=kind, classes=[ClassSpec(name=c) for c in classes], budget=Budget(images=1000, rounds=3))
    record = RunRecord(name="t", request="", created="", task=task, approved=True)
    return RunContext(folder, record, Settings(effort="quick", **options))


def add_images(run: RunContext, numbers: range, round_number: int) -> None:
    """Draw scenes and keep them."""
    generator = ShapeGenerator(size_px=SIZE)
    temporary = run.folder / "tmp"
    temporary.mkdir(exist_ok=True)
    scenes = [scene(n, 1 if run.task.kind == "classify" else 3) for n in numbers]
    for number, result in zip(numbers, generator.generate(scenes, temporary), strict=True):
        known = [i for i in result.instances if i.class_name in run.task.class_names]
        name = f"{sample_id(result.scene, 'shapes')}.png"
        sample = Sample(
            id=sample_id(result.scene, "shapes"), round=round_number, image=f"images/{name}", width=SIZE, height=SIZE,
            sha256=file_sha256(result.image), family=result.scene.family, split=SPLITS[number % 4],
            axes=result.scene.axes(), engine="shapes", verdict="kept", instances=known,
            label=known[0].class_name if known and run.task.kind == "classify" else None,
        )  # fmt: skip
        run.dataset.add_sample(sample, result.image)


def train(run: RunContext, weights: str) -> Round:
    """Begin a round whose weights are a name in `MODELS`."""
    number = len(run.record.rounds) + 1
    run.record.rounds.append(Round(number=number))
    path = run.round_folder() / "weights.safetensors"
    path.write_text(weights)
    run.round.weights = run.relative(path)
    return run.round


class FakeModel:
    """Recognises an image by its pixels and answers with its spoilt truth."""

    size_px = 2 * SIZE  # images are enlarged for it, so its sizes are not those of the file

    def __init__(
        self, samples: Sequence[Sample], root: Path, behaviour: Behaviour, kind: TaskKind, asked: list
    ) -> None:
        self.kind: TaskKind = kind
        self.behaviour = behaviour
        self.asked = asked
        self._known = {_key(read_image(root / s.image)): s for s in samples}

    def predict_many(self, images, confidence):
        return [self._answer(self._known[_key(p)]) for p in images]

    def classify_many(self, images):
        answers = []
        for image in images:
            sample = self._known[_key(image)]
            self.asked.append(sample)
            whole = Instance(class_name=str(sample.label), box=(0, 0, SIZE, SIZE))
            guess = self.behaviour(sample, whole, _rng(sample))
            name = guess[0].class_name if guess else "pear" if sample.label == "apple" else "apple"
            answers.append({n: 0.8 if n == name else 0.2 for n in ("apple", "pear")})
        return answers

    def _answer(self, sample: Sample) -> list[Instance]:
        self.asked.append(sample)
        rng = _rng(sample)
        found = [d for truth in sample.instances for d in self.behaviour(sample, truth, rng)]
        return found if self.kind == "segment" else [d.model_copy(update={"counts": None}) for d in found]


def loader(run: RunContext, models: dict[str, Behaviour], extra: Sequence[Sample] = ()):
    """A `load_model` for weights written by `train`, and the list of samples that models were asked about."""
    asked: list[Sample] = []

    def load(weights: Path) -> FakeModel:
        samples = [*run.dataset.samples(), *extra]
        return FakeModel(samples, run.folder, models[weights.read_text()], run.task.kind, asked)

    return load, asked


def good(sample: Sample, truth: Instance, rng: np.random.Generator) -> list[Instance]:
    """Everything, a little off."""
    return [spoilt(truth, 1, float(rng.uniform(0.6, 0.95)))]


def half(sample: Sample, truth: Instance, rng: np.random.Generator) -> list[Instance]:
    """Every other thing, by chance."""
    return [spoilt(truth, 1, float(rng.uniform(0.6, 0.95)))] if rng.random() < 0.5 else []


def blind_in(axis: str, value: str, chance: float = 0.1) -> Behaviour:
    """A model that misses nearly all in one slice of whole images."""

    def behaviour(sample: Sample, truth: Instance, rng: np.random.Generator) -> list[Instance]:
        seen = rng.random() < (chance if sample.axes.get(axis) == value else 0.97)
        return [spoilt(truth, 1, float(rng.uniform(0.6, 0.95)))] if seen else []

    return behaviour


def nothing(sample: Sample, truth: Instance, rng: np.random.Generator) -> list[Instance]:
    return []


def spoilt(truth: Instance, shift_px: int, score: float) -> Instance:
    """The truth moved to the right."""
    mask = truth.mask(SIZE, SIZE)
    if mask is None:
        x1, y1, x2, y2 = truth.box
        return Instance(class_name=truth.class_name, box=(x1 + shift_px, y1, x2 + shift_px, y2), score=score)
    moved = cv2.warpAffine(mask.astype(np.uint8), np.float32([[1, 0, shift_px], [0, 1, 0]]), (SIZE, SIZE)) > 0
    moved = moved if moved.any() else mask
    return Instance(class_name=truth.class_name, box=mask_box(moved), counts=encode_mask(moved), score=score)


def _key(image: np.ndarray) -> str:
    return hashlib.sha1(image.tobytes()).hexdigest()


def _rng(sample: Sample) -> np.random.Generator:
    return np.random.default_rng(int(hashlib.sha1(sample.id.encode()).hexdigest()[:8], 16))
