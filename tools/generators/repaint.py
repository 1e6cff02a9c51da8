"""Render, then repaint: a rendered image with exact masks is made to look photographed, and its masks stay exact.

ControlNet on Canny edges (Zhang et al. 2023, arXiv 2302.05543) holds the outlines while an image-to-image pass of low
strength (SDEdit) changes the paint. Edges, not depth: the outlines of the masks themselves are drawn into them, so the
very thing that must not move is what the network is told. What moved all the same is found by `drift.py`, painted again
with less strength, and dropped when that does not help.
"""

import importlib.util
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from tools.core.devices import choose_device, choose_dtype
from tools.core.errors import StepFailed
from tools.core.model_files import load_pretrained, local_folder, release
from tools.core.settings import Settings
from tools.data.images import ImageArray, read_image, write_image
from tools.data.sample import Instance
from tools.generators import Failed, Generated, Generator
from tools.generators.diffusion import first_batch, licence_of, recipe_of, revision_of, seed_of, side_of
from tools.generators.drift import agreement
from tools.scenes.scene import SceneSpec

log = logging.getLogger(__name__)
EDGES = (60, 150)  # Canny's thresholds for the network: strong edges; the paint between them is free
HOLD = 0.9  # weight of the edges: near 1 the outline counts more than the prompt
LESS = 0.7  # of the strength before, at each further attempt


class RepaintGenerator(Generator):
    """Repaints what another engine rendered.

    Args:
        inner: gives images with exact instances.
        settings: models, strength, attempts, agreement wanted.
    """

    name = "repaint"

    def __init__(self, inner: Generator, settings: Settings) -> None:
        self.inner, self.settings = inner, settings
        self.counts: Counter[str] = Counter()  # repainted, drifted, withheld
        self._pipe: Any = None
        self._batch: int | None = settings.diffusion.batch

    @property
    def licence(self) -> str:
        """Of the renderer and of both networks' weights."""
        models = (self.settings.repaint.model, self.settings.repaint.controlnet)
        return "; ".join([self.inner.licence, *(licence_of(m) for m in models)])

    @property
    def version(self) -> str:
        """Of the renderer and of both networks."""
        models = (self.settings.repaint.model, self.settings.repaint.controlnet)
        return " + ".join([f"{self.inner.name} {self.inner.version}", *(f"{m}{revision_of(m)}" for m in models)])

    def unavailable(self) -> str | None:
        """One sentence when the renderer, diffusers or weights are missing."""
        if problem := self.inner.unavailable():
            return problem
        if importlib.util.find_spec("diffusers") is None:
            return "diffusers is missing: pip install diffusers."
        if self.settings.profile == "offline":
            for setting in ("repaint_model", "repaint_controlnet"):
                model = self.settings.value(setting)
                if local_folder(model) is None:
                    return (
                        f"The weights of {model} are not on this machine and the profile is offline; name a folder "
                        f"with SIGHTSMITH_{setting.upper()}, or use --profile auto."
                    )
        return None

    def stop_by(self, check: Callable[[], None]) -> None:
        """See the renderer's."""
        self.inner.stop_by(check)

    def close(self) -> None:
        """End the renderer and give the memory back."""
        self.inner.close()
        self._pipe = None
        release()

    def generate(self, scenes: Sequence[SceneSpec], folder: Path) -> Iterator[Generated | Failed]:
        """Yield a result for each scene as it is finished.

        Raises:
            StepFailed: the weights cannot be loaded, or do not fit into memory.
        """
        pipe = self._loaded()
        batch = self._batch or first_batch(side_of(pipe, self.settings))
        rendered: list[Generated] = []
        for result in self.inner.generate(scenes, folder):
            if isinstance(result, Failed):
                yield result
                continue
            rendered.append(result)
            if len(rendered) >= batch:
                yield from self._repainted(pipe, rendered)
                rendered = []
        if rendered:
            yield from self._repainted(pipe, rendered)

    def _repainted(self, pipe: Any, rendered: Sequence[Generated]) -> Iterator[Generated | Failed]:
        """Results of one batch; those that drifted are painted again, together."""
        renders = {r.scene.id: read_image(r.image) for r in rendered}
        left, strength = list(rendered), self.settings.repaint.strength
        reasons: dict[str, str] = {}
        for attempt in range(self.settings.repaint.attempts):
            started = time.perf_counter()
            painted = self._painted(pipe, left, renders, strength, attempt)
            seconds = (time.perf_counter() - started) / len(left)
            again = []
            for result, image in zip(left, painted, strict=True):
                if image is None:
                    self.counts["withheld"] += 1
                    reasons[result.scene.id] = "the model's safety checker withheld the picture"
                    again.append(result)
                    continue
                agreed = agreement(renders[result.scene.id], image, result.instances)
                if agreed < self.settings.repaint.min_agreement:
                    self.counts["drifted"] += 1
                    reasons[result.scene.id] = (
                        f"repainting moved an object away from its mask (agreement {agreed:.2f}, at least "
                        f"{self.settings.repaint.min_agreement:g} is wanted)"
                    )
                    again.append(result)
                    continue
                self.counts["repainted"] += 1
                yield self._kept(pipe, result, image, strength, attempt, agreed, seconds)
            left, strength = again, strength * LESS
            if not left:
                return
        for result in left:
            result.image.unlink(missing_ok=True)
            yield Failed(result.scene, reasons[result.scene.id])

    def _kept(
        self,
        pipe: Any,
        result: Generated,
        image: ImageArray,
        strength: float,
        attempt: int,
        agreed: float,
        seconds: float,
    ) -> Generated:
        write_image(result.image, image)
        facts = {
            "prompt": result.scene.caption, "model": self.settings.repaint.model,
            "controlnet": self.settings.repaint.controlnet, "pipeline": type(pipe).__name__,
            "strength": round(strength, 3), "seed": seed_of(result.scene) + attempt, "agreement": round(agreed, 3),
            "weights_licence": licence_of(self.settings.repaint.model),
        }  # fmt: skip
        return Generated(
            scene=result.scene, image=result.image, width=result.width, height=result.height,
            instances=result.instances, seconds=round(result.seconds + seconds, 4),
            provenance=result.provenance | {"engine": self.name, "version": self.version, "repaint": facts},
            lookalikes=result.lookalikes,
        )  # fmt: skip

    # The model --------------------------------------------------------------------------------------------------------

    def _loaded(self) -> Any:
        if self._pipe is None:
            import diffusers

            settings, offline = self.settings, self.settings.profile == "offline"
            device = choose_device()
            common = {"offline": offline, "dtype": choose_dtype(device), "use_safetensors": True}
            control = load_pretrained(
                diffusers.ControlNetModel.from_pretrained, settings.repaint.controlnet, setting="repaint_controlnet",
                **common,
            )  # fmt: skip
            self._pipe = load_pretrained(
                diffusers.AutoPipelineForImage2Image.from_pretrained, settings.repaint.model, setting="repaint_model",
                controlnet=control, **common,
            )  # fmt: skip
            self._pipe.set_progress_bar_config(disable=True)
            self._pipe.to(device)
        return self._pipe

    def _painted(
        self, pipe: Any, rendered: Sequence[Generated], renders: dict[str, ImageArray], strength: float, attempt: int
    ) -> list[ImageArray | None]:
        """Repainted images in the renders' size; None for one that was withheld."""
        import torch

        side, usual = side_of(pipe, self.settings), recipe_of(self.settings.repaint.model, pipe)
        guidance = self.settings.diffusion.guidance if self.settings.diffusion.guidance is not None else usual.guidance
        steps = self.settings.diffusion.steps or usual.steps
        inputs = [_scaled(renders[r.scene.id], side) for r in rendered]
        controls = [_edges(renders[r.scene.id], r.instances, side) for r in rendered]
        wanted: dict[str, Any] = {
            "prompt": [r.scene.caption for r in rendered], "image": _tensor(inputs), "control_image": _tensor(controls),
            "strength": strength, "guidance_scale": guidance, "controlnet_conditioning_scale": HOLD,
            # Only this share of the steps is run; at least one must be.
            "num_inference_steps": max(steps, int(np.ceil(1 / strength))),
            "generator": [torch.Generator("cpu").manual_seed(seed_of(r.scene) + attempt) for r in rendered],
            "output_type": "np",
        }  # fmt: skip
        if guidance > 1:
            wanted["negative_prompt"] = [self.settings.diffusion.negative_prompt] * len(rendered)
        try:
            with torch.inference_mode():
                made = pipe(**wanted)
        except torch.cuda.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            if len(rendered) == 1:
                raise StepFailed(
                    f"not even one picture of {side} px fits into the GPU's memory with {self.settings.repaint.model}"
                ) from error
            self._batch = half = len(rendered) // 2
            return [
                *self._painted(pipe, rendered[:half], renders, strength, attempt),
                *self._painted(pipe, rendered[half:], renders, strength, attempt),
            ]
        withheld = getattr(made, "nsfw_content_detected", None) or [False] * len(rendered)
        images = (np.asarray(made.images) * 255).round().clip(0, 255).astype(np.uint8)
        return [None if bad else _scaled(p, r.width) for p, bad, r in zip(images, withheld, rendered, strict=True)]


def _scaled(image: ImageArray, side: int) -> ImageArray:
    if image.shape[0] == side:
        return image
    how = cv2.INTER_AREA if image.shape[0] > side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (side, side), interpolation=how), np.uint8)


def _edges(render: ImageArray, instances: Sequence[Instance], side: int) -> ImageArray:
    """The (side, side, 3) white-on-black drawing that the network follows: strong edges, and every mask's outline."""
    lines = cv2.Canny(cv2.GaussianBlur(_scaled(render, side), (0, 0), 1.0), *EDGES)
    for instance in instances:
        mask = instance.mask(*render.shape[:2])
        if mask is None:
            continue
        large = cv2.resize(mask.astype(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST)
        outlines, _ = cv2.findContours(large, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(lines, outlines, -1, 255, 1)
    return np.repeat(np.asarray(lines, np.uint8)[..., None], 3, axis=2)


def _tensor(images: Sequence[npt.NDArray[np.uint8]]) -> Any:
    """(n, 3, h, w) in 0..1, as pipelines take images."""
    import torch

    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255
