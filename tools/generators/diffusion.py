"""Images from any text-to-image model that diffusers loads, by name on the hub or by folder.

The prompt is the scene's caption. Images have no exact labels: an annotator finds what is in them.

Layout: a folder with a GLIGEN pipeline (Li et al. 2023, arXiv 2301.07093) is also given the scene's boxes and phrases.
It is the one layout model in diffusers that takes a free phrase for each box; ControlNet, the maintained way, wants a
image (edges, depth, the 150 colours of ADE20K) and so cannot hear of a class that it was not trained on. diffusers
calls its GLIGEN class deprecated and still ships it.

Maps: where a person gives sketches, edges or depth maps and names a ControlNet for them (Zhang et al. 2023, arXiv
2302.05543), each layout follows one of them. `repaint.py` does the same with the edges of renders.
"""

import hashlib
import importlib.util
import inspect
import json
import logging
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from tools.core.devices import choose_device, choose_dtype
from tools.core.errors import StepFailed
from tools.core.model_files import load_pretrained, local_folder, release
from tools.core.settings import Settings
from tools.data.images import ImageArray, is_image, read_image, write_image
from tools.data.photo_files import PhotoFile, find_photos
from tools.generators import Failed, Generated, Generator
from tools.scenes.scene import SceneSpec

log = logging.getLogger(__name__)

# Default models by GiB of GPU memory, largest first; a CPU takes the last. Few steps where steps are dear.
DEFAULT_MODELS = (
    (22.0, "stabilityai/stable-diffusion-xl-base-1.0"),  # 30 steps with guidance: prompts are followed best
    (7.5, "stabilityai/sdxl-turbo"),
    (0.0, "stabilityai/sd-turbo"),
)
# Activations of one image, a pixel, in half precision: SD 1.x at 512 px takes about 1 GiB, SDXL at 1024 px about 4.
# A guess to start from: when memory runs out the batch is halved, and the images are the same.
BYTES_PER_PIXEL = 4096
FREE_SHARE = 0.8  # of the free memory is used
MOST_BATCH, CPU_BATCH = 64, 4
FALLBACK_PX = 512


class SamplingRecipe(NamedTuple):
    """How a family of models wants to be sampled."""

    steps: int
    guidance: float


# Looked for in the model's name, its pipeline's class and its scheduler's; the first that fits counts. From the
# model cards: distilled models ignore or are hurt by guidance.
RECIPES: tuple[tuple[str, SamplingRecipe], ...] = (
    ("latentconsistencymodel", SamplingRecipe(4, 8.0)),  # takes guidance as an input of its network
    ("turbo", SamplingRecipe(2, 0.0)),
    ("schnell", SamplingRecipe(4, 0.0)),
    ("lightning", SamplingRecipe(4, 0.0)),
    ("hyper-sd", SamplingRecipe(4, 0.0)),
    ("lcm", SamplingRecipe(4, 1.5)),
    ("fluxpipeline", SamplingRecipe(28, 3.5)),
    ("stablediffusion3", SamplingRecipe(28, 4.5)),
    ("stablediffusionxl", SamplingRecipe(30, 5.0)),
)
USUAL = SamplingRecipe(30, 7.0)


class DiffusionGenerator(Generator):
    """Draws captions with a diffusion model; nothing is loaded before the first image.

    Args:
        settings: model, size, steps, guidance, batch, negative prompt, profile.
    """

    name = "diffusion"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.model = settings.diffusion.model
        if self.model == "auto":
            self.model = default_model(gpu_gib())
        self.counts: Counter[str] = Counter()  # images, withheld
        self._pipe: Any = None
        self._maps: list[PhotoFile] | None = None
        self._batch: int | None = settings.diffusion.batch

    @property
    def licence(self) -> str:
        """Of the weights, as far as their folder says."""
        return licence_of(self.model)

    @property
    def version(self) -> str:
        """The model, and the commit of its weights where the hub's cache tells it."""
        return f"{self.model}{revision_of(self.model)}"

    def unavailable(self) -> str | None:
        """One sentence when diffusers or the weights are missing."""
        if importlib.util.find_spec("diffusers") is None:
            return "diffusers is missing: pip install diffusers."
        if self.settings.profile == "offline" and local_folder(self.model) is None:
            return (
                f"The weights of {self.model} are not on this machine and the profile is offline; name a folder with "
                "SIGHTSMITH_DIFFUSION_MODEL, or use --profile auto."
            )
        return self._no_maps()

    def _no_maps(self) -> str | None:
        """One sentence where a ControlNet is named without maps, or maps without one or without an image."""
        folder, network = self.settings.diffusion.maps_dir, self.settings.diffusion.controlnet
        if (folder is None) != (network is None):
            return (
                "Maps need a ControlNet that was trained on their kind, and a ControlNet needs maps: name both, "
                "SIGHTSMITH_DIFFUSION_MAPS_DIR and SIGHTSMITH_DIFFUSION_CONTROLNET."
            )
        if folder is not None and not (folder.is_dir() and any(is_image(p) for p in folder.rglob("*"))):
            return f"SIGHTSMITH_DIFFUSION_MAPS_DIR={folder} is no folder with pictures in it."
        return None

    def close(self) -> None:
        """Give the memory back."""
        self._pipe = None
        release()

    def generate(self, scenes: Sequence[SceneSpec], folder: Path) -> Iterator[Generated | Failed]:
        """Yield a result for each scene, in their order, batch by batch.

        Raises:
            StepFailed: the weights cannot be loaded, or not even one image fits into memory.
        """
        pipe = self._loaded()
        folder.mkdir(parents=True, exist_ok=True)
        start = 0
        while start < len(scenes):
            batch = scenes[start : start + self._batch_size(pipe)]
            started = time.perf_counter()
            drawn = self._drawn(pipe, batch)
            if drawn is None:  # out of memory: fewer at once
                continue
            start += len(batch)
            seconds = (time.perf_counter() - started) / len(batch)
            for scene, image in zip(batch, drawn, strict=True):
                yield self._result(pipe, scene, image, folder, seconds)

    def _result(
        self, pipe: Any, scene: SceneSpec, image: ImageArray | None, folder: Path, seconds: float
    ) -> Generated | Failed:
        if image is None:
            self.counts["withheld"] += 1
            return Failed(scene, "the model's safety checker withheld the picture")
        self.counts["pictures"] += 1
        size = self.settings.size_px
        path = folder / f"{scene.id}.jpg"
        write_image(path, fitted_to(image, size))
        recipe = self._recipe(pipe)
        return Generated(
            scene=scene, image=path, width=size, height=size, instances=[], seconds=round(seconds, 4),
            provenance={
                "prompt": scene.caption, "model": self.model, "revision": revision_of(self.model).removeprefix("@"),
                "pipeline": type(pipe).__name__, "seed": seed_of(scene), "steps": recipe.steps,
                "guidance": recipe.guidance, "weights_licence": self.licence,
                "negative_prompt": self.settings.diffusion.negative_prompt if recipe.guidance > 1 else "",
                "safety_checker": getattr(pipe, "safety_checker", None) is not None,
                "boxes": "given to the model" if is_layout_model(pipe) else "not seen by the model",
                **self._map_facts(scene),
            },
        )  # fmt: skip

    # Maps -------------------------------------------------------------------------------------------------------------

    def _map_of(self, scene: SceneSpec) -> PhotoFile | None:
        """The map that a scene's layout follows, the same whatever else is drawn."""
        if self.settings.diffusion.maps_dir is None:
            return None
        if self._maps is None:
            self._maps = [f for f in find_photos([self.settings.diffusion.maps_dir]) if is_image(f.path)]
        return self._maps[int(scene.layout_id, 16) % len(self._maps)]

    def _map_facts(self, scene: SceneSpec) -> dict[str, Any]:
        chosen = self._map_of(scene)
        return {} if chosen is None else {"map": chosen.name, "controlnet": self.settings.diffusion.controlnet}

    # The model --------------------------------------------------------------------------------------------------------

    def _loaded(self) -> Any:
        if self._pipe is None:
            network = self.settings.diffusion.controlnet
            self._pipe = load_pipeline(self.model, offline=self.settings.profile == "offline", controlnet=network)
        return self._pipe

    def _recipe(self, pipe: Any) -> SamplingRecipe:
        usual = recipe_of(self.model, pipe)
        steps, guidance = self.settings.diffusion.steps, self.settings.diffusion.guidance
        return SamplingRecipe(usual.steps if steps is None else steps, usual.guidance if guidance is None else guidance)

    def _batch_size(self, pipe: Any) -> int:
        if is_layout_model(pipe):
            return 1  # its boxes are those of the whole batch
        if self._batch is None:
            self._batch = first_batch(side_of(pipe, self.settings))
            log.info("pictures at once: %d", self._batch)
        return self._batch

    def _drawn(self, pipe: Any, scenes: Sequence[SceneSpec]) -> list[ImageArray | None] | None:
        """Images of scenes, None for one that was withheld; None when memory ran out and the batch was halved."""
        import torch

        recipe, side = self._recipe(pipe), side_of(pipe, self.settings)
        known = inspect.signature(pipe.__call__).parameters
        wanted: dict[str, Any] = {
            "prompt": [s.caption for s in scenes], "num_inference_steps": recipe.steps, "height": side, "width": side,
            "guidance_scale": recipe.guidance,
            # One generator an image, on the CPU: an image does not depend on its neighbours nor on the device.
            "generator": [torch.Generator("cpu").manual_seed(seed_of(s)) for s in scenes],
            "output_type": "np",
        }  # fmt: skip
        if recipe.guidance > 1:  # without guidance nothing pushes away from it
            wanted["negative_prompt"] = [self.settings.diffusion.negative_prompt] * len(scenes)
        if is_layout_model(pipe):
            wanted |= layout_of(scenes[0])
        maps = [fitted_to(read_image(m.path), side) for m in map(self._map_of, scenes) if m is not None]
        if maps:
            wanted["image"] = torch.from_numpy(np.stack(maps)).permute(0, 3, 1, 2).float() / 255
        try:
            with torch.inference_mode():
                made = pipe(**{k: v for k, v in wanted.items() if k in known})
        except torch.cuda.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            if len(scenes) == 1:
                raise StepFailed(
                    f"not even one picture of {side} px fits into the GPU's memory with {self.model}; name a smaller "
                    "model or size (SIGHTSMITH_DIFFUSION_MODEL, SIGHTSMITH_DIFFUSION_SIZE_PX)"
                ) from error
            self._batch = max(1, len(scenes) // 2)
            return None
        withheld = getattr(made, "nsfw_content_detected", None) or [False] * len(scenes)
        images = (np.asarray(made.images) * 255).round().clip(0, 255).astype(np.uint8)
        return [None if bad else p for p, bad in zip(images, withheld, strict=True)]


# Choosing and loading -------------------------------------------------------------------------------------------------


def default_model(memory_gib: float | None) -> str:
    """A model that suits the memory of a GPU; None: there is none."""
    return next(name for least, name in DEFAULT_MODELS if (memory_gib or 0.0) >= least)


def gpu_gib() -> float | None:
    """Memory of the GPU in GiB; None without one."""
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    return torch.cuda.get_device_properties(0).total_memory / 2**30 if torch.cuda.is_available() else None


def first_batch(side_px: int) -> int:
    """Images at once that should fit into free memory."""
    import torch

    if not torch.cuda.is_available():
        return CPU_BATCH
    free, _ = torch.cuda.mem_get_info()
    return int(np.clip(FREE_SHARE * free / (BYTES_PER_PIXEL * side_px**2), 1, MOST_BATCH))


def load_pipeline(model: str, *, offline: bool, controlnet: str | None = None) -> Any:
    """A pipeline on the fastest device, from safetensors only.

    Args:
        model: a name on the hub or a folder.
        offline: never look at the network.
        controlnet: the network that makes it follow maps; None: none does.

    Raises:
        StepFailed: the weights are missing, damaged, or of another kind.
    """
    import diffusers

    device = choose_device()
    common: dict[str, Any] = {"offline": offline, "dtype": choose_dtype(device), "use_safetensors": True}
    loader: Any = diffusers.AutoPipelineForText2Image
    if "GLIGEN" in pipeline_class(model):
        loader = diffusers.DiffusionPipeline
    control: dict[str, Any] = {}
    if controlnet is not None:
        load = diffusers.ControlNetModel.from_pretrained
        control["controlnet"] = load_pretrained(load, controlnet, setting="diffusion_controlnet", **common)
    pipe = load_pretrained(loader.from_pretrained, model, setting="diffusion_model", **control, **common)
    if controlnet is not None and "image" not in inspect.signature(pipe.__call__).parameters:
        raise StepFailed(f"{model} cannot follow maps; name a model that ControlNets go with, such as SD 1.5 or SDXL")
    pipe.set_progress_bar_config(disable=True)
    return pipe.to(device)


def pipeline_class(model: str) -> str:
    """Name of the pipeline class that a folder asks for; empty when it is not on this machine."""
    folder = local_folder(model)
    index = folder / "model_index.json" if folder else None
    if index is None or not index.is_file():
        return ""
    try:
        return str(json.loads(index.read_text(encoding="utf-8")).get("_class_name", ""))
    except (ValueError, AttributeError):
        return ""


def recipe_of(model: str, pipe: Any) -> SamplingRecipe:
    """Steps and guidance by the model's family."""
    text = f"{model} {type(pipe).__name__} {type(getattr(pipe, 'scheduler', None)).__name__}".casefold()
    return next((recipe for word, recipe in RECIPES if word in text), USUAL)


def side_of(pipe: Any, settings: Settings) -> int:
    """Pixels of a side that the model was trained on; others come out doubled or cut off."""
    if settings.diffusion.size_px is not None:
        return settings.diffusion.size_px
    network = getattr(pipe, "unet", None) or getattr(pipe, "transformer", None)
    latent = getattr(getattr(network, "config", None), "sample_size", None)
    latent = latent or getattr(pipe, "default_sample_size", None)
    return int(latent) * int(getattr(pipe, "vae_scale_factor", 8)) if isinstance(latent, int) else FALLBACK_PX


def is_layout_model(pipe: Any) -> bool:
    """Whether it takes boxes."""
    return "gligen_boxes" in inspect.signature(pipe.__call__).parameters


def layout_of(scene: SceneSpec) -> dict[str, Any]:
    """The boxes and phrases of a scene as GLIGEN takes them: x1, y1, x2, y2 in 0..1."""
    boxes, phrases = [], []
    for thing in scene.objects:
        cx, cy, w, h = thing.box
        corners = np.clip([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], 0, 1)
        name = thing.class_name or thing.drawn_as
        plain = thing.appearance in ("", "plain") or thing.appearance in name
        boxes.append([round(float(v), 4) for v in corners])
        phrases.append(name if plain else f"{thing.appearance} {name}")
    if not boxes:  # a deliberate empty: the boxes' part of the model is switched off
        return {"gligen_boxes": [[0.0, 0.0, 1.0, 1.0]], "gligen_phrases": [""], "gligen_scheduled_sampling_beta": 0.0}
    return {"gligen_boxes": boxes, "gligen_phrases": phrases, "gligen_scheduled_sampling_beta": 1.0}


def seed_of(scene: SceneSpec) -> int:
    """A seed of its own for each scene."""
    return int(hashlib.sha1(f"{scene.id}/{scene.seed}".encode()).hexdigest()[:15], 16)


def fitted_to(image: ImageArray, size_px: int) -> ImageArray:
    """The middle square of an image, in another size."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = image[top : top + side, left : left + side]
    if side == size_px:
        return np.ascontiguousarray(square)
    how = cv2.INTER_AREA if side > size_px else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(square, (size_px, size_px), interpolation=how), np.uint8)


def licence_of(model: str) -> str:
    """What a model's folder says of its licence: the head of its README, else the first line of its LICENSE."""
    folder = local_folder(model)
    if folder is None or not folder.is_dir():
        return f"not known: see the page of {model}"
    readme = folder / "README.md"
    if readme.is_file():
        head = re.match(r"---\n(.*?)\n---", readme.read_text(encoding="utf-8", errors="replace"), re.DOTALL)
        said = dict(re.findall(r"^(license(?:_name)?):[ \t]*(\S.*)$", head.group(1), re.MULTILINE)) if head else {}
        if said:
            return str(said.get("license_name", said.get("license"))).strip("'\" ")
    for path in sorted(folder.glob("LICEN[CS]E*")):
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
        if line := next((line.strip() for line in lines if line.strip()), ""):
            return line[:120]
    return "not known: the folder does not say"


def revision_of(model: str) -> str:
    """An @ and the commit of weights in the hub's cache; empty for a folder of the user's own."""
    folder = local_folder(model)
    return f"@{folder.name[:12]}" if folder is not None and folder.parent.name == "snapshots" else ""
