"""A repainted image keeps its masks, or it is painted again, or dropped; drift is measured on real pixels."""

import cv2
import numpy as np
import pytest

from tests.fakes import ShapeGenerator
from tests.pipeline import new_run
from tests.tools.generators import pipelines
from tests.tools.generators.cutout_files import ground
from tools.core.errors import StepFailed
from tools.core.settings import Settings
from tools.data.images import read_image
from tools.data.sample import Instance, encode_mask, mask_box
from tools.generators import Failed, Generated
from tools.generators.choosing import make_generator
from tools.generators.drift import agreement
from tools.generators.repaint import RepaintGenerator, _edges
from tools.scenes.scene import SceneObject, SceneSpec

pytestmark = pytest.mark.slow

SIZE = 96


def scenes(count, width=0.5):
    boxes = [(0.35 + 0.03 * i, 0.5, width, width) for i in range(count)]
    return [
        SceneSpec(
            caption="a photo", context="table", light="overcast", family="f", seed=i,
            objects=[SceneObject(class_name="apple", drawn_as="apple", box=box)],
        )
        for i, box in enumerate(boxes)
    ]  # fmt: skip


class Painter:
    """Stands where a pipeline stands, and paints on real pixels: `change` makes a new (h, w, 3) image of one."""

    def __init__(self, change, withheld=()):
        self.change, self.withheld, self.calls = change, withheld, []

    def __call__(self, **wanted):
        self.calls.append(wanted)
        inputs = (wanted["image"].permute(0, 2, 3, 1).numpy() * 255).astype(np.uint8)
        images = np.stack([self.change(p, wanted["strength"]) for p in inputs]).astype(np.float32) / 255
        flags = [len(self.calls) in self.withheld] * len(images) if self.withheld else None
        return type("Output", (), {"images": images, "nsfw_content_detected": flags})()


def warm(image, _strength):
    return np.clip(image * np.array([1.1, 1.0, 0.8]) + 5, 0, 255).astype(np.uint8)


def moved(image, _strength):
    return np.roll(image, 30, axis=1)


def repainter(painter, **changed):
    options = Settings(size_px=SIZE, diffusion_size_px=SIZE, diffusion_batch=2, **changed)
    engine = RepaintGenerator(ShapeGenerator(options), options)
    engine._pipe = painter
    return engine


def disc(size=160, radius=35, colour=(200, 60, 50)):
    image, mask = ground(size, 4), np.zeros((size, size), np.uint8)
    cv2.circle(image, (80, 80), radius, colour, -1)
    cv2.circle(mask, (80, 80), radius, 1, -1)
    return image, [Instance(class_name="apple", box=mask_box(mask > 0), counts=encode_mask(mask > 0))]


# Drift ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "low", "high"),
    [
        (lambda p: p, 0.99, 1.0),
        (lambda p: (p * 0.6).astype(np.uint8), 0.7, 1.0),  # darker
        (lambda p: p[..., ::-1].copy(), 0.7, 1.0),  # other colours
        (lambda p: cv2.GaussianBlur(p, (0, 0), 1.2), 0.7, 1.0),
        (lambda p: cv2.stylization(p), 0.7, 1.0),
        (lambda p: np.roll(p, 14, axis=1), 0.0, 0.6),  # a fifth of the object
        (lambda p: np.roll(p, 80, axis=0), 0.0, 0.3),
        (lambda p: ground(160, 4), 0.0, 0.3),  # gone
        (lambda p: disc(radius=24)[0], 0.0, 0.6),  # shrunk
        (lambda p: disc(radius=48)[0], 0.0, 0.69),  # grown
    ],
)
def test_paint_may_change_and_outlines_may_not(change, low, high):
    image, instances = disc()
    assert low <= agreement(image, change(image), instances) <= high


def test_the_worst_object_decides_and_what_could_never_be_seen_does_not():
    image, instances = disc()
    assert agreement(image, ground(160, 4), []) == 1.0
    ghost = np.zeros((160, 160), bool)
    ghost[10:40, 10:40] = True  # a mask where the render shows nothing
    unseen = Instance(class_name="apple", box=mask_box(ghost), counts=encode_mask(ghost))
    assert agreement(image, image, [*instances, unseen]) > 0.9
    assert agreement(image, np.roll(image, 40, axis=1), [*instances, unseen]) < 0.5


# The engine -----------------------------------------------------------------------------------------------------------


def test_another_paint_keeps_masks_and_says_how(tmp_path):
    painter = Painter(warm)
    engine = repainter(painter)
    wanted = scenes(3)
    exact = {s.id: ShapeGenerator(size_px=SIZE).draw(s) for s in wanted}
    results = list(engine.generate(wanted, tmp_path))
    assert len(results) == 3
    for result in results:
        render, instances = exact[result.scene.id]
        assert result.instances == instances
        image = read_image(result.image).astype(float)
        assert (image[..., 0] - image[..., 2]).mean() > (render[..., 0].astype(float) - render[..., 2]).mean() + 5
        said = result.provenance["repaint"]
        assert said["agreement"] >= 0.7
        assert said["strength"] == 0.35
        assert result.provenance["engine"] == "repaint"
    assert [len(c["prompt"]) for c in painter.calls] == [2, 1]
    assert painter.calls[0]["controlnet_conditioning_scale"] == 0.9


def test_what_drifts_is_tried_again_with_less_and_then_dropped(tmp_path):
    painter = Painter(moved)
    engine = repainter(painter)
    results = list(engine.generate(scenes(2), tmp_path))
    assert all(isinstance(r, Failed) for r in results)
    assert "moved an object away from its mask" in results[0].reason
    assert [round(c["strength"], 3) for c in painter.calls] == [0.35, 0.245]
    assert painter.calls[0]["generator"][0].initial_seed() + 1 == painter.calls[1]["generator"][0].initial_seed()
    assert engine.counts["drifted"] == 4
    assert not list(tmp_path.glob("*.png"))
    rescued = repainter(Painter(lambda p, strength: moved(p, 0) if strength > 0.3 else warm(p, 0)))
    assert all(isinstance(r, Generated) for r in rescued.generate(scenes(2), tmp_path))


def test_without_the_check_drift_would_get_through(tmp_path):
    results = list(repainter(Painter(moved), min_repaint_agreement=0.0).generate(scenes(1), tmp_path))
    assert isinstance(results[0], Generated)


def test_a_withheld_image_is_counted(tmp_path):
    engine = repainter(Painter(warm, withheld=(1, 2)))
    (result,) = engine.generate(scenes(1), tmp_path)
    assert "safety checker" in result.reason
    assert engine.counts["withheld"] == 2


def test_the_network_is_told_every_outline():
    _, instances = disc()
    flat = np.full((160, 160, 3), 90, np.uint8)  # the render itself shows no edge
    lines = _edges(flat, instances, 320)
    assert lines.shape == (320, 320, 3)
    rows, columns = np.nonzero(lines[..., 0])
    assert np.abs(np.hypot(columns - 160, rows - 160) - 70).max() < 4
    assert len(rows) > 300


def test_the_true_pipeline_loads_by_path_and_random_paint_is_dropped(tmp_path):
    model = pipelines.stable_diffusion(tmp_path / "sd")
    control = pipelines.controlnet(tmp_path / "cn")
    options = Settings(
        size_px=64, repaint_model=str(model), repaint_controlnet=str(control), profile="offline", diffusion_steps=4,
        diffusion_batch=2,
    )  # fmt: skip
    engine = RepaintGenerator(ShapeGenerator(options), options)
    assert engine.unavailable() is None
    results = list(engine.generate(scenes(3), tmp_path / "a"))
    assert all(isinstance(r, Failed) for r in results)  # random weights paint noise
    lenient = options.model_copy(update={"min_repaint_agreement": 0.0})
    again = RepaintGenerator(ShapeGenerator(lenient), lenient)
    kept = list(again.generate(scenes(3), tmp_path / "b"))
    assert [k.provenance["repaint"]["pipeline"] for k in kept] == ["StableDiffusionControlNetImg2ImgPipeline"] * 3
    assert all(len(k.instances) == 1 for k in kept)
    assert "openrail" in again.licence
    again.close()


def test_missing_weights_are_said(tmp_path):
    run = new_run(tmp_path, generator="repaint", profile="offline", repaint_model="nobody/none")
    with pytest.raises(StepFailed, match=r"nobody/none are not on this machine .* SIGHTSMITH_REPAINT_MODEL"):
        make_generator(run)
