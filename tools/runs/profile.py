"""Which engines this machine can run, which are taken, and why; one line each. `profile=offline` never looks outside.

Only what needs no download is taken on a CPU; where there is a GPU and the hub answers, weights are fetched too.
"""

import importlib.util
import os
import shutil
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tools.core.devices import cpu_count
from tools.core.model_files import local_folder
from tools.core.settings import WORDED_GENERATORS, Settings
from tools.runs.runtime import RunContext

HUB_TIMEOUT_S = 2.0
# Half-precision weights and activations of one image: SD 1.5 at 512 px with its ControlNet, and an SD-Turbo.
REPAINT_GIB, DIFFUSION_GIB = 8.0, 7.5
GPU_FILES = (Path("/proc/driver/nvidia/version"), Path("/dev/kfd"))


@dataclass(frozen=True)
class Machine:
    """What there is to work with."""

    device: str  # cuda or cpu
    gpu_gib: float
    memory_gib: float
    cores: int
    hub: bool | None  # the hub answers; None: not asked
    key: bool  # an image service has a key or an address

    def sentence(self) -> str:
        """In words."""
        gpu = f", {self.device} with {self.gpu_gib:.0f} GiB" if self.device != "cpu" else ", no GPU"
        hub = {True: "the hub answers", False: "the hub does not answer", None: "the hub was not asked"}[self.hub]
        return f"{self.cores} cores, {self.memory_gib:.0f} GiB of memory{gpu}; {hub}"


class EngineOption(NamedTuple):
    """One engine: whether it can run here, whether it is taken, why, and what would make it run."""

    stage: str
    engine: str
    usable: bool
    taken: bool
    why: str
    missing: str = ""


def look(settings: Settings, *, ask_hub: bool = True) -> Machine:
    """Look at device, memory, keys and, unless the profile is offline, whether the hub answers."""
    import psutil

    device, gpu_gib = _gpu()
    key = bool(
        settings.image.base_url or settings.image.api_key or settings.openai.base_url or settings.openai.api_key
    )  # fmt: skip
    hub = None
    if settings.profile == "offline" or os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        hub = False
    elif ask_hub:
        hub = hub_answers(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
    memory = psutil.virtual_memory().total / 2**30
    return Machine(device, gpu_gib, memory, cpu_count(), hub, key and settings.profile != "offline")


def _gpu() -> tuple[str, float]:
    """Device and its memory; torch, which takes seconds to import, is asked only where there is something to ask."""
    if not any(p.exists() for p in GPU_FILES) and shutil.which("nvidia-smi") is None:
        return "cpu", 0.0
    import torch

    from tools.core.devices import choose_device

    device = choose_device()
    return device, torch.cuda.get_device_properties(0).total_memory / 2**30 if device == "cuda" else 0.0


def hub_answers(address: str, timeout_s: float = HUB_TIMEOUT_S) -> bool:
    """Whether a server answers at all within a time that also bounds the name's look-up."""
    answers: list[bool] = []

    def ask() -> None:
        try:
            with urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=timeout_s):
                answers.append(True)
        except urllib.error.HTTPError:
            answers.append(True)  # it speaks, whatever it says
        except (OSError, ValueError):
            answers.append(False)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout_s)
    return answers == [True]


def choices(settings: Settings, machine: Machine) -> list[EngineOption]:
    """Every engine, stage by stage, with the one that `auto` takes; what the user named is always taken."""
    images, generator = _images(settings, machine)
    labelled = generator not in WORDED_GENERATORS
    quality, _ = _quality(settings, machine, labelled)
    return [*images, *quality, *_labels(settings, machine, labelled), *_around(settings)]


def auto_settings(settings: Settings, machine: Machine | None = None) -> tuple[Settings, dict[str, str]]:
    """The settings with engines chosen for this machine, and why: {setting: one line}. What the user named stays.

    Args:
        settings: as given; with another profile than "auto" they come back as they are.
        machine: what there is; None looks, and asks the hub only where its answer matters.
    """
    if settings.profile != "auto":
        return settings, {}
    machine = machine or look(settings, ask_hub=_gpu()[0] != "cpu")
    given = settings.given
    found = {c.stage: c for c in choices(settings, machine) if c.taken}
    wanted = {
        "generator": found["pictures"], "scorer": found["quality"], "annotator": found["labels"],
        "segmenter": found["masks"],
    }  # fmt: skip
    values: dict[str, Any] = {}
    why: dict[str, str] = {}
    for name, choice in wanted.items():
        value = settings.annotation.sam_model if choice.engine == "sam" else choice.engine
        if name not in given and value != settings.value(name):
            values[name], why[name] = value, f"{choice.stage}: {choice.engine}, because {choice.why}"
    return settings.model_copy(update=values), why


def fall_back(run: RunContext, setting: str, value: str, error: Exception) -> None:
    """Go on with a simpler engine where a chosen one fails; everything done so far stays.

    Args:
        run: the run.
        setting: which engine failed.
        value: what takes its place.
        error: why; raised again when the user named the engine, for then it is theirs to change.
    """
    if setting not in run.record.chosen or run.settings.value(setting) == value:
        raise error
    run.change_settings(**{setting: value})
    run.record.chosen[setting] = f"{value}, because the engine chosen first failed: {error}"
    run.emit("warning", text=f"going on with {value}: {error}")
    run.save()


# Stages -------------------------------------------------------------------------------------------------------------


def _images(settings: Settings, machine: Machine) -> tuple[list[EngineOption], str]:
    """Generators, and the one that is taken."""
    detector = _here(settings.annotation.detector, machine)
    repaint = [_here(settings.repaint.model, machine), _here(settings.repaint.controlnet, machine)]
    model = settings.diffusion.model
    ready: dict[str, tuple[bool, str, str]] = {
        "repaint": (
            machine.gpu_gib >= REPAINT_GIB and all(repaint) and _installed("diffusers"),
            "renders repainted to look photographed keep their exact masks",
            _gpu_missing(machine, REPAINT_GIB) or f"weights of {settings.repaint.model} and its ControlNet",
        ),
        "diffusion": (
            machine.gpu_gib >= DIFFUSION_GIB and _installed("diffusers") and bool(detector)
            and (bool(machine.hub) if model == "auto" else bool(_here(model, machine))),
            "a GPU and weights are here, and a detector to label what is drawn",
            _gpu_missing(machine, DIFFUSION_GIB) or "weights: name a model with SIGHTSMITH_DIFFUSION_MODEL",
        ),
        "blender": (_installed("bpy"), "it needs no weights and its masks are exact", "the wheel bpy, for Python 3.11"),
    }  # fmt: skip
    taken = settings.generation.generator
    if "generator" not in settings.given and settings.profile == "auto":
        taken = next((n for n in ready if ready[n][0]), "blender")
    rows = [
        EngineOption(
            "pictures", n, ok, n == taken, _why(ok, n == taken, why, settings, "generator"), "" if ok else missing
        )
        for n, (ok, why, missing) in ready.items()
    ]
    rows.append(_on_request("copy_paste", settings.copy_paste.cutouts_dir is not None, taken, "--cutouts DIR"))
    rows.append(_on_request("openai_images", machine.key, taken, "SIGHTSMITH_GENERATOR=openai_images, OPENAI_API_KEY "
                                                                 "and SIGHTSMITH_IMAGE_PRICE"))  # fmt: skip
    if taken not in {r.engine for r in rows}:
        rows.append(EngineOption("pictures", taken, True, True, "the settings name it"))
    return rows, taken


def _on_request(name: str, usable: bool, taken: str, missing: str) -> EngineOption:
    why = "the settings name it" if name == taken else "taken when it is asked for"
    return EngineOption("pictures", name, usable, name == taken, why, "" if usable else missing)


def _quality(settings: Settings, machine: Machine, labelled: bool) -> tuple[list[EngineOption], str]:
    clip = _here(settings.clip.model, machine)
    ready = bool(clip) and _installed("transformers")
    named = "scorer" in settings.given or settings.profile != "auto"
    best = "pixels" if not ready else "pixels+clip" if labelled else "pixels+clip+clis"
    taken = settings.curation.scorer if named else best
    missing = "" if ready else _fetch(settings.clip.model, "SIGHTSMITH_CLIP_MODEL")
    rows = [
        EngineOption("quality", "pixels", True, taken == "pixels", _why(True, taken == "pixels", "it needs no weights",
                                                                  settings, "scorer")),
        EngineOption("quality", "pixels+clip", ready, taken == "pixels+clip",
               _why(ready, taken == "pixels+clip", f"{settings.clip.model} is {clip}", settings, "scorer"), missing),
        EngineOption("quality", "pixels+clip+clis", ready, taken == "pixels+clip+clis",
               _why(ready, taken == "pixels+clip+clis", "pictures drawn from words must show what was asked for",
                    settings, "scorer"), missing),
    ]  # fmt: skip
    if taken not in {r.engine for r in rows}:
        rows.append(EngineOption("quality", taken, True, True, "the settings name it"))
    return rows, taken


def _labels(settings: Settings, machine: Machine, labelled: bool) -> list[EngineOption]:
    own = settings.annotation
    detector, sam = _here(own.detector, machine), _here(own.sam_model, machine)
    named = "annotator" in settings.given or settings.profile != "auto"
    taken = own.annotator if named else ("exact" if labelled or not detector else "detect_and_segment")
    sam_taken = bool(sam) if "segmenter" not in settings.given else own.segmenter != "grabcut"
    if settings.profile != "auto":
        sam_taken = own.segmenter != "grabcut"
    return [
        EngineOption("labels", "exact", True, taken == "exact",
               _why(True, taken == "exact", "the pictures come with exact masks", settings, "annotator")),
        EngineOption("labels", "detect_and_segment", bool(detector), taken == "detect_and_segment",
               _why(bool(detector), taken == "detect_and_segment", "the pictures come without labels", settings,
                    "annotator"), "" if detector else _fetch(own.detector, "SIGHTSMITH_DETECTOR")),
        EngineOption("masks", "sam", bool(sam), sam_taken,
               _why(bool(sam), sam_taken, f"{own.sam_model} is {sam}", settings, "segmenter"),
               "" if sam else _fetch(own.sam_model, "SIGHTSMITH_SAM_MODEL")),
        EngineOption("masks", "grabcut", True, not sam_taken,
               _why(True, not sam_taken, "it needs no weights", settings, "segmenter")),
        EngineOption("baseline", "zero-shot", bool(local_folder(own.detector)),
               settings.evaluation.zero_shot and bool(detector),
               "measured on real photos beside the trained model" if detector else "there is no detector to ask",
               "" if detector else _fetch(own.detector, "SIGHTSMITH_DETECTOR")),
    ]  # fmt: skip


def _around(settings: Settings) -> list[EngineOption]:
    """What is used only where it is asked for: a vision model that reviews, a cluster, the service."""
    asked, ray, on_ray = settings.vlm.model is not None, _installed("ray"), settings.cluster.engine == "ray"
    served = ray and _installed("fastapi") and _installed("prometheus_client")
    return [
        EngineOption("review", "vision model", asked, asked,
               f"{settings.vlm.model} answers questions about labels" if asked else "taken when it is asked for",
               "" if asked else "SIGHTSMITH_VLM_MODEL=NAME and SIGHTSMITH_VLM_PRICE"),
        EngineOption("work", "this machine", True, not on_ray, "it needs nothing else"),
        EngineOption("work", "ray", ray, on_ray,
               "the settings name it" if on_ray else "taken when it is asked for: --engine ray",
               "" if ray else "pip install 'sightsmith[cluster]'"),
        EngineOption("serving", "ray serve", served, False, "taken by `sightsmith serve`",
               "" if served else "pip install 'sightsmith[serve]'"),
    ]  # fmt: skip


def _why(usable: bool, taken: bool, reason: str, settings: Settings, setting: str) -> str:
    if taken and setting in settings.given:
        return "the settings name it"
    if taken:
        return reason
    return "something better, or something that suffices, is taken" if usable else "it cannot run here"


def _here(model: str, machine: Machine) -> str:
    """Where a model is, in words; empty: nowhere that may be used."""
    if local_folder(model) is not None:
        return "on this machine"
    return "fetched from the hub" if machine.hub and machine.device != "cpu" and model.count("/") == 1 else ""


def _gpu_missing(machine: Machine, gib: float) -> str:
    return "" if machine.gpu_gib >= gib else f"a GPU with {gib:g} GiB"


def _fetch(model: str, variable: str) -> str:
    return f"hf download {model}, or {variable}=FOLDER"


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
