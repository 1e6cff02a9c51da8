"""Ultralytics' network modules, built from their packaged descriptions: quietly, offline, and from a seed."""

import logging
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.core.errors import StepFailed
from tools.core.task import TaskKind

_SUFFIXES: dict[TaskKind, str] = {"segment": "-seg", "detect": "", "classify": "-cls"}
_ARCHITECTURE = re.compile(r"yolo(11|12|26)[nsmlx](-seg|-cls)?")
# In the classifier the attention block follows the trunk directly; detectors have a pooling block before it.
_CLASSIFIER_LAYERS = {10: 9}


def quiet_ultralytics() -> None:
    """Switch off what Ultralytics does by itself (events, downloads, installs, files in the home folder).

    Must be called before the first import of the package; later calls do no harm.
    """
    folder = Path(tempfile.gettempdir()) / f"sightsmith-ultralytics-{os.getuid()}"
    for name, value in {
        "YOLO_CONFIG_DIR": str(folder),
        "YOLO_OFFLINE": "true",
        "YOLO_VERBOSE": "false",
        "YOLO_AUTOINSTALL": "false",
        "MPLCONFIGDIR": str(folder / "matplotlib"),
    }.items():
        os.environ.setdefault(name, value)
    Path(os.environ["YOLO_CONFIG_DIR"]).mkdir(parents=True, exist_ok=True)
    from ultralytics.utils import SETTINGS

    if SETTINGS.get("sync", True):
        dict.update(SETTINGS, {"sync": False})
    logging.getLogger("ultralytics").setLevel(logging.ERROR)


def architecture_name(model: str, kind: TaskKind) -> str:
    """Name of the network of a family and size for a kind of task: ("yolo11n", "segment") -> "yolo11n-seg"."""
    return re.sub(r"-(seg|cls)$", "", model) + _SUFFIXES[kind]


def kind_of(architecture: str) -> TaskKind:
    """What a network of this name does."""
    return next((kind for kind, suffix in _SUFFIXES.items() if suffix and architecture.endswith(suffix)), "detect")


def build_network(architecture: str, names: Sequence[str], seed: int = 0) -> Any:
    """A network with fresh weights that follow from the seed.

    Args:
        architecture: such as "yolo11n-seg".
        names: of the classes, in label order.
        seed: of the weights.

    Raises:
        StepFailed: the name is none that Ultralytics packages, or there are no classes.
    """
    if not names:
        raise StepFailed("a network needs at least one class")
    if not _ARCHITECTURE.fullmatch(architecture):
        raise StepFailed(f"{architecture!r} is no known network; use e.g. yolo11n, yolo11s or yolo26n")
    quiet_ultralytics()
    import torch
    from ultralytics.cfg import get_cfg
    from ultralytics.nn.tasks import ClassificationModel, DetectionModel, SegmentationModel

    kind = kind_of(architecture)
    build: Any = {"segment": SegmentationModel, "detect": DetectionModel, "classify": ClassificationModel}[kind]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network: Any = build(f"{architecture}.yaml", ch=3, nc=len(names), verbose=False)
    if hasattr(network.model[-1], "one2one_cv2"):  # YOLO26: its one-to-many head, after suppression, finds more
        network.model[-1].end2end = False
    network.names = dict(enumerate(names))
    network.task = kind
    make_settings: Any = get_cfg
    network.args = make_settings(overrides={"task": kind, "model": f"{architecture}.yaml"})
    return network


def transfer_classes(
    network: Any, tensors: Mapping[str, Any], source: tuple[str, Sequence[str]], target: tuple[str, Sequence[str]]
) -> int:
    """Give the classes that two networks share their outputs: the last tensors whose rows are classes.

    Args:
        network: to be filled in place.
        tensors: state of another network.
        source: architecture of the tensors, and its class names.
        target: architecture of the network, and its class names.

    Returns:
        How many tensors were filled.
    """
    (old, old_names), (new, new_names) = source, target
    rows = [(i, list(old_names).index(name)) for i, name in enumerate(new_names) if name in old_names]
    own, filled = network.state_dict(), 0
    renamed = {_layer_name(k, old, new): v for k, v in tensors.items()}
    for key, value in own.items():
        given = renamed.get(key)
        shapes = (len(new_names), *value.shape[1:]), (len(old_names), *value.shape[1:])
        if given is None or (tuple(value.shape), tuple(given.shape)) != shapes:
            continue
        if ".cv3." in key or "linear" in key:
            for mine, theirs in rows:
                value[mine] = given[theirs].to(value.dtype)
            filled += 1
    return filled


def transfer(network: Any, tensors: Mapping[str, Any], source: str, target: str) -> float:
    """Copy every tensor that fits, trunk first of all; a class-agnostic source gives its one class to each class.

    Args:
        network: to be filled in place.
        tensors: state of another network.
        source: architecture of the tensors.
        target: architecture of `network`.

    Returns:
        Share of the network's values that were copied, 0..1.
    """
    own = network.state_dict()
    renamed = {_layer_name(k, source, target): v for k, v in tensors.items()}
    taken = {}
    for key, value in own.items():
        given = renamed.get(key)
        if given is None:
            continue
        if given.shape == value.shape:
            taken[key] = given.to(value.dtype)
        elif given.shape[:1] == (1,) and given.shape[1:] == value.shape[1:] and ".cv3." in key:
            taken[key] = given.to(value.dtype).expand_as(value).clone()
    network.load_state_dict(taken, strict=False)
    total = sum(v.numel() for v in own.values())
    return float(sum(v.numel() for v in taken.values()) / total)


def _layer_name(key: str, source: str, target: str) -> str:
    if not target.endswith("-cls") or source.endswith("-cls"):
        return key
    layer = re.match(r"model\.(\d+)\.", key)
    if layer is None:
        return key
    number = int(layer[1])
    if number in _CLASSIFIER_LAYERS:
        return f"model.{_CLASSIFIER_LAYERS[number]}.{key[layer.end() :]}"
    return key if number <= 8 else f"unused.{key}"
