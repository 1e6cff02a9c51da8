"""Weights on disk: .safetensors with what the network is in its metadata. Pickled files are never opened."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tools.core.errors import StepFailed
from tools.core.files import write_bytes
from tools.core.task import TaskKind
from tools.models.networks import build_network, kind_of, quiet_ultralytics
from tools.models.widths import fit_widths

FORMAT = "sightsmith-weights-1"
FITTED = "fitted"  # in a card's `extra`
_REBUILD = "Train again, or restore the file from a copy."


@dataclass(frozen=True)
class Card:
    """What a weights file holds."""

    architecture: str
    kind: TaskKind
    names: tuple[str, ...]
    size_px: int
    sha256: str  # of the tensors
    versions: dict[str, str]
    extra: dict[str, Any]

    @property
    def fitted(self) -> bool:
        """Whether the input was chosen for the size of the objects in the photos that it learnt from."""
        return bool(self.extra.get(FITTED))


def tensors_sha256(tensors: Mapping[str, Any]) -> str:
    """Hex digest over names, types, shapes and bytes of tensors, whatever their order."""
    import torch

    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name}:{tensor.dtype}:{tuple(tensor.shape)};".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def save(
    path: Path,
    tensors: Mapping[str, Any],
    *,
    architecture: str,
    names: Sequence[str],
    size_px: int,
    extra: Mapping[str, Any] | None = None,
    half: bool = False,
) -> str:
    """Write weights beside their place and rename. Returns the digest of the tensors.

    Args:
        path: ending in .safetensors.
        tensors: a network's state.
        architecture: such as "yolo11n-seg".
        names: of the classes, in label order.
        size_px: at which the network was trained.
        extra: anything JSON can hold, kept in the metadata.
        half: store 16-bit floats, half as large.
    """
    import torch

    kept = {
        name: (t.half() if half and t.dtype == torch.float32 else t).detach().cpu().contiguous().clone()
        for name, t in tensors.items()
    }
    digest = tensors_sha256(kept)
    metadata = {
        "format": FORMAT,
        "architecture": architecture,
        "kind": kind_of(architecture),
        "names": json.dumps(list(names), ensure_ascii=False),
        "size_px": str(size_px),
        "sha256": digest,
        "versions": json.dumps({name: version(name) for name in ("torch", "ultralytics")}),
        "extra": json.dumps(dict(extra or {}), ensure_ascii=False),
    }
    save_tensors(path, kept, metadata)
    return digest


def save_tensors(path: Path, tensors: Mapping[str, Any], metadata: dict[str, str]) -> None:
    """Write any tensors with metadata beside their place and rename.

    Raises:
        OSError: the disk is full or read-only.
    """
    from safetensors.torch import save

    # Channels-last tensors are written in plain order. The library's own writing hides what a disk refuses.
    write_bytes(path, save({name: t.contiguous() for name, t in tensors.items()}, metadata=metadata))


def load_tensors(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Tensors and metadata of a .safetensors file.

    Raises:
        StepFailed: there is no such file, or it is damaged, pickled or of another kind; the message names it.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise StepFailed(f"{path}: there is no such weights file.")
    if path.suffix != ".safetensors":
        raise StepFailed(
            f"{path}: only .safetensors written by Sightsmith is opened; a {path.suffix or 'nameless'} file may hold "
            "code that runs when it is loaded."
        )
    try:
        with safe_open(str(path), framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise StepFailed(f"{path}: not a readable weights file ({error}). {_REBUILD}") from error


def load(path: Path) -> tuple[dict[str, Any], Card]:
    """State and card of a weights file, its digest checked.

    Raises:
        StepFailed: the file is missing, damaged, not ours, or its tensors are not those it was written with.
    """
    tensors, metadata = load_tensors(path)
    if metadata.get("format") != FORMAT:
        raise StepFailed(f"{path}: not weights of Sightsmith (its metadata lacks format {FORMAT}). {_REBUILD}")
    try:
        architecture = metadata["architecture"]
        card = Card(
            architecture=architecture,
            kind=kind_of(architecture),
            names=tuple(str(n) for n in json.loads(metadata["names"])),
            size_px=int(metadata["size_px"]),
            sha256=metadata["sha256"],
            versions=json.loads(metadata["versions"]),
            extra=json.loads(metadata["extra"]),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise StepFailed(f"{path}: its metadata is damaged ({type(error).__name__}: {error}). {_REBUILD}") from error
    if tensors_sha256(tensors) != card.sha256:
        raise StepFailed(f"{path}: the weights are not those it was written with (checksum differs). {_REBUILD}")
    return tensors, card


def load_model(path: Path) -> tuple[Any, Card]:
    """The network of a weights file, in evaluation mode, 32-bit.

    Raises:
        StepFailed: see `load`; or the tensors do not fill the network that the card names.
    """
    tensors, card = load(path)
    network = build_network(card.architecture, card.names)
    fit_widths(network, tensors)
    try:
        network.load_state_dict({name: t.float() if t.is_floating_point() else t for name, t in tensors.items()})
    except RuntimeError as error:
        problem = str(error).splitlines()[-1].strip()
        raise StepFailed(f"{path}: does not fit {card.architecture} ({problem}). {_REBUILD}") from error
    return network.eval(), card


def averaged(weights: Sequence[Path], out: Path) -> None:
    """Write the mean of weights that began alike and learnt differently; the last one's card goes with it.

    Fine-tuned on little, a network forgets what that little does not show; half-way it does better on both (WiSE-FT,
    Wortsman et al., CVPR 2022). The mean of several that learnt from other parts of it does better than each (model
    soups, Wortsman et al., ICML 2022).

    Raises:
        StepFailed: see `load`; or they are not of the same network.
    """
    loaded = [load(path) for path in weights]
    first, card = loaded[0][0], loaded[-1][1]
    for path, (tensors, _) in zip(weights, loaded, strict=True):
        if {n: t.shape for n, t in first.items()} != {n: t.shape for n, t in tensors.items()}:
            raise StepFailed(f"{weights[0]} and {path} are not of the same network, so there is no average of them")
    mean = {
        n: sum(own[n].float() for own, _ in loaded).div(len(loaded)).to(t.dtype) if t.is_floating_point() else t
        for n, t in loaded[-1][0].items()
    }
    save(out, mean, architecture=card.architecture, names=card.names, size_px=card.size_px, extra=card.extra)


def to_ultralytics_pt(path: Path, out: Path) -> None:
    """Write weights in the users' format: a .pt that `ultralytics.YOLO(out)` opens.

    Raises:
        StepFailed: see `load_model`.
    """
    write_pt(*load_model(path), out)


def write_pt(network: Any, card: Card, out: Path) -> None:
    """`to_ultralytics_pt` for a network in memory, which is changed."""
    quiet_ultralytics()
    import torch
    from ultralytics.utils import DEFAULT_CFG_DICT

    arguments = {"task": card.kind, "imgsz": card.size_px, "model": f"{card.architecture}.yaml"}
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    network.args = {**DEFAULT_CFG_DICT, **arguments}
    network.criterion = None
    content = {
        "epoch": -1,
        "best_fitness": None,
        "model": network.half(),
        "ema": None,
        "updates": None,
        "optimizer": None,
        "train_args": network.args,
        "train_metrics": {},
        "train_results": {},
        "date": "",
        "version": card.versions.get("ultralytics", ""),
        "license": "AGPL-3.0",
        "docs": "https://docs.ultralytics.com",
    }
    packed = io.BytesIO()  # torch's own writing hides what a disk refuses
    torch.save(content, packed)
    write_bytes(out, packed.getvalue())
