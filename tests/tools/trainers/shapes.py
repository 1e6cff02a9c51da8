"""Small images with exact labels, as samples on disk, for tests of training and prediction."""

import cv2
import numpy as np

from tools.core.task import Budget, ClassSpec, TaskKind, TaskSpec
from tools.data.dataset import file_sha256
from tools.data.images import write_image
from tools.data.sample import Instance, Sample, encode_mask, mask_box
from tools.trainers import TrainingJob

COLOURS = {"disc": (230, 60, 50), "square": (60, 110, 235)}


def task(kind: TaskKind, *names: str) -> TaskSpec:
    return TaskSpec(
        kind=kind, classes=[ClassSpec(name=n) for n in names or ("disc",)], budget=Budget(images=9, rounds=1)
    )


def image_of(rng, size_px, things):
    """A grey, grainy image with (name, cx, cy, radius) things. Returns it with one mask a thing, all in view."""
    image = rng.normal(110, 14, (size_px, size_px, 3)).clip(0, 255).astype(np.uint8)
    masks = []
    for name, cx, cy, radius in things:
        mask = np.zeros((size_px, size_px), np.uint8)
        if name == "disc":
            cv2.circle(mask, (cx, cy), radius, 1, -1)
        else:
            cv2.rectangle(mask, (cx - radius, cy - radius), (cx + radius, cy + radius), 1, -1)
        image[mask > 0] = COLOURS[name]
        masks = [(n, m & ~(mask > 0)) for n, m in masks] + [(name, mask > 0)]
    return image, masks


def samples(root, count, *, size_px=64, seed=0, names=("disc",), kind="segment", empty=0):
    """Samples with one or two things each; the first `empty` hold none."""
    made = []
    for i in range(count):
        rng = np.random.default_rng([seed, i])
        things = []
        for _ in range(0 if i < empty else int(rng.integers(1, 3))):
            radius = int(rng.integers(size_px // 8, size_px // 4))
            cx, cy = rng.integers(radius, size_px - radius, 2).tolist()
            things.append((names[int(rng.integers(len(names)))], cx, cy, radius))
        image, masks = image_of(rng, size_px, things[:1] if kind == "classify" else things)
        path = root / f"images/{seed}-{i}.png"
        write_image(path, image)
        instances = [
            Instance(class_name=n, box=mask_box(m), counts=encode_mask(m), full_box=mask_box(m), visible_share=1.0)
            for n, m in masks
            if m.any()
        ]
        label = instances[0].class_name if kind == "classify" and instances else None
        made.append(
            Sample(
                id=f"{seed}-{i}", image=f"images/{seed}-{i}.png", width=size_px, height=size_px,
                sha256=file_sha256(path), family=f"f{i}", engine="shapes", instances=instances, label=label,
                verdict="kept", split="train",
            )
        )  # fmt: skip
    return made


def job(root, train, val=(), *, kind="segment", names=("disc",), **fields):
    values = {
        "task": task(kind, *names), "train": train, "val": list(val), "image_root": root, "folder": root / "train",
        "epochs": 2, "size_px": 64, "batch": 8, "seed": 0, "threads": 1,
    }  # fmt: skip
    return TrainingJob(**values | fields)
