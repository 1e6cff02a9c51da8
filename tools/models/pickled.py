"""Networks in the files of Ultralytics, which are pickles: layers are filled as they were saved, and nothing is called.

Torch's own restricted loading calls every class that it is told to know with whatever arguments a file gives, and some
of Ultralytics' evaluate text in them. So layers are only ever made empty here.
"""

import secrets
from pathlib import Path
from typing import Any

from tools.core.errors import StepFailed
from tools.models.checkpoint import Card
from tools.models.networks import quiet_ultralytics

_TASKS = ("segment", "detect", "classify")
# What a network does whose file does not say it.
_KINDS = {"SegmentationModel": "segment", "DetectionModel": "detect", "ClassificationModel": "classify"}
_SIZE_PX, _MOST_PX = 640, 4096
_WAY_OUT = (
    "Export it where it was made: `yolo export model=FILE format=onnx`, or save its tensors alone with safetensors; a "
    "model trained by Sightsmith is a .safetensors already"
)


def read_network(path: Path) -> Any:
    """The network in a file of Ultralytics.

    Raises:
        StepFailed: the file is missing, damaged, or holds anything but layers of torch and Ultralytics.
    """
    import pickle

    import torch

    if not path.is_file():
        raise StepFailed(f"{path}: there is no such weights file.")
    quiet_ultralytics()
    try:
        with torch.serialization.safe_globals(_known()):
            content = torch.load(path, map_location="cpu", weights_only=True)
        network = content.get("ema") or content["model"]
        if not isinstance(network, torch.nn.Module):
            raise TypeError(f"its model is a {type(network).__name__}")
    except (
        OSError, RuntimeError, KeyError, AttributeError, TypeError, ValueError, EOFError, pickle.UnpicklingError,
    ) as error:  # fmt: skip
        why = next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]
        raise StepFailed(f"{path}: no weights that can be opened safely ({why}). {_WAY_OUT}") from error
    return network


def load_pickled(path: Path) -> tuple[Any, Card]:
    """The network of a file of Ultralytics, in evaluation mode, 32-bit, and what it is.

    Raises:
        StepFailed: see `read_network`; or it does something else than boxes, masks or classes.
    """
    network = read_network(path)
    names = getattr(network, "names", None)
    if isinstance(names, list):
        names = dict(enumerate(names))
    task: Any = getattr(network, "task", None) or _KINDS.get(type(network).__name__)
    if task not in _TASKS or not isinstance(names, dict) or not names:
        raise StepFailed(f"{path}: a network of Ultralytics that does one of {', '.join(_TASKS)} is wanted")
    head = getattr(network, "model", [None])[-1]
    if hasattr(head, "one2one_cv2"):  # as ours: the head before suppression
        head.end2end = False
    described = getattr(network, "yaml", None)
    origin = described.get("yaml_file") if isinstance(described, dict) else None
    card = Card(Path(str(origin or path.stem)).stem, task, tuple(map(str, names.values())), _size(network), "", {}, {})
    return network.float().eval(), card


def _size(network: Any) -> int:
    arguments = getattr(network, "args", None)
    size = arguments.get("imgsz", _SIZE_PX) if isinstance(arguments, dict) else getattr(arguments, "imgsz", _SIZE_PX)
    size = max(size, default=0) if isinstance(size, list | tuple) else size
    fits = isinstance(size, int) and not isinstance(size, bool) and 0 < size <= _MOST_PX
    return -(-size // 32) * 32 if fits else _SIZE_PX


def _known() -> list[Any]:
    """What a file may hold, by the names that it uses for it."""
    import torch
    from torch.nn import modules as layers
    from ultralytics.nn import modules as own_layers
    from ultralytics.nn import tasks
    from ultralytics.utils import IterableSimpleNamespace

    parts = [getattr(own_layers, n) for n in ("block", "conv", "head", "transformer", "utils")]
    found = {c for m in (layers, own_layers, tasks, *parts) for c in vars(m).values() if isinstance(c, type)}
    known: list[Any] = [IterableSimpleNamespace, set, slice]
    secret = secrets.token_hex(16)  # the layers themselves go by a name that no file can know
    for number, layer in enumerate(c for c in found if issubclass(c, torch.nn.Module)):
        known += [(_empty(layer), f"{layer.__module__}.{layer.__qualname__}"), (layer, f"_{secret}.{number}")]
    return known


class _Uncalled(type):
    def __call__(cls, *_args: Any, **_named: Any) -> Any:
        raise TypeError(f"{cls.__name__} is called, where a saved layer is wanted")


def _empty(layer: type) -> type:
    """Stands for a layer: gives an empty one to be filled, and cannot be called."""
    own: Any = layer

    def new(_cls: type, *args: Any) -> Any:
        if args:
            raise TypeError(f"{layer.__name__} is made with arguments, where a saved layer is wanted")
        return own.__new__(own)

    return _Uncalled(layer.__name__, (), {"__new__": new})
