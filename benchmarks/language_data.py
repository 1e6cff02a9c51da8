"""How fast language data is made and how much of it is wrong: `python benchmarks/language_data.py [IMAGES] [RUN]`.

Without a run it pastes its own cut-outs of five names on grounds drawn by formula (exact scenes, not timed). Then it
exports them as LLaVA conversations, reads the files back, and checks every answer against scene, masks and pixels with
`tools.language.check`, which shares no code with what wrote them. To show that the check sees errors, every answer is
also exchanged for another one of its kind, and what the check lets pass is printed.
"""

import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from tools.core.settings import Settings
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.data.formats.dialogues import read_dialogues
from tools.data.images import read_image
from tools.generators.copy_paste.cutouts import CutoutFolder
from tools.language.check import Checker
from tools.runs.runtime import Round, RunContext, RunRecord
from tools.scenes.sampler import sample_scenes
from tools.scenes.vocabulary import build_vocabulary
from tools.steps.export_dataset import export
from tools.steps.generate import generate

_CLASSES = {"ball": "discs", "plate": "discs", "crate": "squares"}
_COLOURS = ((220, 30, 30), (40, 170, 50), (40, 80, 220), (240, 210, 40))


def draw_cutouts(folder: Path) -> None:
    """Things of one plain colour, in three shapes."""
    for name, shape in _CLASSES.items():
        for number, colour in enumerate(_COLOURS):
            rgba = np.zeros((200, 200, 4), np.uint8)
            bgra = (*colour[::-1], 255)
            if shape == "squares":
                cv2.rectangle(rgba, (20, 20), (180, 180), bgra, -1)
            else:
                cv2.ellipse(rgba, (100, 100), (95, 95 if name == "ball" else 55), 0, 0, 360, bgra, -1, cv2.LINE_AA)
            cv2.imwrite(str(folder / f"{name}-{number}.png"), rgba)


def make_run(folder: Path, images: int) -> RunContext:
    """A run of pasted images with exact scenes."""
    cutouts = folder / "cutouts"
    cutouts.mkdir()
    draw_cutouts(cutouts)
    material = CutoutFolder(cutouts)
    classes = [ClassSpec(name=name) for name in _CLASSES]
    task = TaskSpec(kind="segment", classes=classes, budget=Budget(images=images, rounds=1))
    things = {key: material.spec(key) for key in material.keys()}  # noqa: SIM118  (a method, not a dict)
    settings = Settings(generator="copy_paste", cutouts_dir=cutouts, size_px=320, memory_dir=folder / "memory")
    record = RunRecord(name="words", request="", created="2026-01-01T00:00:00+00:00", task=task, approved=True)
    record.rounds.append(Round(number=1))
    run = RunContext(folder, record, settings)
    run.dataset.add_scenes(1, sample_scenes(task, build_vocabulary(task, things, 0.8), images, 0))
    generate(run)
    splits = ("train", "train", "train", "val", "test")
    run.dataset.update_samples(
        {s.id: {"verdict": "kept", "split": splits[k % 5]} for k, s in enumerate(run.dataset.samples())}
    )
    return run


def main(images: int, folder: Path | None) -> None:
    """Make, check and count."""
    with tempfile.TemporaryDirectory() as scratch:
        if folder is None:
            run = make_run(Path(scratch), images)
        else:
            from agent.run_folder import open_run

            run = open_run(folder)
        began, worked = time.perf_counter(), time.process_time()
        answer = json.loads(export(run, ["llava"]))
        seconds, worked = time.perf_counter() - began, time.process_time() - worked
        place = run.folder / answer["folders"][0]
        balance = json.loads((place / "balance.json").read_text(encoding="utf-8"))
        print(f"{balance['pairs']} VQA pairs of {balance['pictures']} pictures in {seconds:.1f} s, {worked:.1f} s of a "
              f"core ({60 * balance['pairs'] / worked:.0f} pairs a minute of a core), {balance['captions']} captions, "
              f"{balance['referring_expressions']} referring expressions; load {os.getloadavg()[0]:.1f}")  # fmt: skip
        print(json.dumps(balance, indent=1))
        judge(run, place)


def judge(run: RunContext, place: Path) -> None:
    """Check what lies in the files, and then what lies there with its answers exchanged."""
    scenes = {s.id: s for s in run.dataset.scenes()}
    samples = {s.id: s for s in run.dataset.samples()}
    names = sorted({i.class_name for s in samples.values() for i in (*s.instances, *s.lookalikes)})
    checked = wrong = exchanged = passed = 0
    rng = random.Random(0)
    for path in sorted(place.glob("*.json")):
        if path.stem not in ("train", "val", "test"):
            continue
        for identity, _, turns in read_dialogues(path.read_text(encoding="utf-8")):
            sample = samples[identity]
            checker = Checker(sample, scenes[sample.scene_id], read_image(run.path(sample.image)), names)
            for question, answer in turns:
                if question[0] in "DS" or question.startswith("What does"):
                    wrong += checker.caption_problem(answer) is not None
                    continue
                checked += 1
                wrong += checker.problem(question, answer) is not None
                others = {a for q, a in turns if _kind(q) == _kind(question)} | {_turned(answer)}
                other = rng.choice(sorted(others - {answer, ""}) or ["none"])
                exchanged += 1
                passed += checker.problem(question, other) is None
    print(f"{checked} pairs read back, {wrong} wrong against the scene")
    print(f"{exchanged} answers exchanged for another, {passed} of them let pass by the check")


def _kind(question: str) -> str:
    return " ".join(question.split()[:2])


def _turned(answer: str) -> str:
    return {"yes": "no", "no": "yes", "none": "1", "1": "2", "red": "blue", "blue": "red"}.get(answer, "")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0]) if given else 1500, Path(given[1]) if len(given) > 1 else None)
