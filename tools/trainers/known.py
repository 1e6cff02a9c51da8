"""What the starter weights know by name: a class output for each thing of the catalogue, learnt from renders alone.

They stand in a file of their own beside the starter, which itself knows one class, "object". A network that starts from
the starter begins with the outputs of its classes where they are known.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.core.errors import StepFailed
from tools.trainers import starter_files
from tools.trainers.starter_files import CLASS_OUTPUT

FORMAT = "sightsmith-classes-1"
UNKNOWN_BIAS = -5.0  # of a new class's output, on top of that of an object: nothing is of it until something was
_HARDEST = 96  # classes beside those of a batch that its loss is made of

# What is of a class at the right is also of the one at the left: keys of the catalogue.
BROADER: dict[str, tuple[str, ...]] = {
    "airplane": ("fighter jet", "propeller plane"),
    "ball": (
        "baseball", "basketball", "beach ball", "billiard ball", "bowling ball", "football", "golf ball", "sports ball",
        "tennis ball", "volleyball",
    ),
    "bear": ("polar bear",),
    "bird": (
        "chick", "chicken", "crow", "duck", "eagle", "flamingo", "goose", "heron", "magpie", "ostrich", "owl", "parrot",
        "peacock", "penguin", "pigeon", "robin", "rooster", "seagull", "sparrow", "swan", "turkey",
    ),
    "boat": ("canoe", "sailboat"),
    "bottle": ("beer bottle", "ketchup bottle", "medicine bottle", "milk bottle", "shampoo bottle", "wine bottle"),
    "bus": ("double-decker bus", "school bus"),
    "car": ("police car", "suv", "taxi"),
    "chair": ("armchair", "office chair"),
    "chicken": ("rooster",),
    "cow": ("bull",),
    "deer": ("stag",),
    "fish": ("carp", "clownfish", "goldfish", "salmon", "shark", "tuna"),
    "flower": ("daffodil", "lavender", "lily", "lotus", "poppy", "rose", "sunflower", "tulip"),
    "insect": (
        "ant", "bee", "beetle", "bumblebee", "butterfly", "caterpillar", "cockroach", "dragonfly", "fly", "fruit fly",
        "grasshopper", "ladybird", "mantis", "mosquito", "moth", "wasp",
    ),
    "leaf": ("ginkgo leaf", "oak leaf", "willow leaf"),
    "lion": ("lioness",),
    "mushroom": ("toadstool",),
    "person": ("child", "man", "runner", "woman", "worker"),
    "sheep": ("ram",),
    "sports ball": (
        "baseball", "basketball", "billiard ball", "bowling ball", "football", "golf ball", "tennis ball", "volleyball",
    ),
    "tree": ("christmas tree", "conifer", "palm tree"),
    "truck": ("concrete mixer truck", "dump truck", "fire truck", "pickup truck", "tanker"),
}  # fmt: skip


@dataclass(frozen=True)
class KnownClasses:
    """Outputs by class, for the starter they were learnt with."""

    names: tuple[str, ...]  # keys of the catalogue
    outputs: dict[str, Any]  # name in the network's state -> (classes, ...) tensor


def path_beside(weights: Path) -> Path:
    """Where the known classes of starter weights are kept."""
    return weights.with_name(f"{weights.stem}_classes.safetensors")


def save_known(weights: Path, tensors: Mapping[str, Any], names: Sequence[str], sha256: str) -> None:
    """Write the outputs of all classes but the first.

    Args:
        weights: the starter's file, of that digest.
        tensors: state of a network whose classes are "object" and `names`.
        names: keys of the catalogue.
        sha256: digest of the starter's tensors.
    """
    from tools.models.checkpoint import save_tensors, tensors_sha256

    rows = {k: t[1:].half().cpu().contiguous() for k, t in tensors.items() if CLASS_OUTPUT.search(k)}
    metadata = {
        "format": FORMAT, "names": json.dumps(list(names), ensure_ascii=False), "starter": sha256,
        "sha256": tensors_sha256(rows),
    }  # fmt: skip
    save_tensors(path_beside(weights), rows, metadata)


def load_known(weights: Path | None = None) -> KnownClasses | None:
    """What starter weights know, the shipped ones where none are given; None when they know nothing by name.

    Raises:
        StepFailed: the file is damaged, or belongs to another starter.
    """
    from tools.models.checkpoint import load_tensors, tensors_sha256

    weights = weights or starter_files.WEIGHTS
    path = path_beside(weights)
    if not path.exists():
        return None
    tensors, metadata = load_tensors(path)
    described = json.loads(weights.with_suffix(".json").read_text(encoding="utf-8"))["sha256"]
    if metadata.get("format") != FORMAT or tensors_sha256(tensors) != metadata.get("sha256"):
        raise StepFailed(f"{path}: not the outputs it was written with; install the package again")
    if metadata.get("starter") != described:
        raise StepFailed(f"{path}: belongs to another starter than {weights.name}; install the package again")
    return KnownClasses(tuple(json.loads(metadata["names"])), tensors)


def give_outputs(network: Any, known: KnownClasses, keys: Sequence[str | None]) -> int:
    """Set the class outputs of a network that holds the starter's weights.

    Args:
        network: with one output for each of `keys`, filled in place.
        known: of that starter.
        keys: the catalogue's key of each class; unknown ones stay as they are.

    Returns:
        How many classes were known.
    """
    state = network.state_dict()
    rows = [(i, known.names.index(key)) for i, key in enumerate(keys) if key in known.names]
    wanted = {name: (len(keys), *given.shape[1:]) for name, given in known.outputs.items()}
    if any(name not in state or tuple(state[name].shape) != shape for name, shape in wanted.items()):
        return 0  # a classifier, or another architecture
    for name, given in known.outputs.items():
        for own, row in rows:
            state[name][own] = given[row].to(state[name].dtype)
    return len(rows)


def widen(network: Any, classes: int, bias: float = 0.0) -> None:
    """Give the head of a network of one class so many, the new ones like that one; its branches stay as they are.

    A network that is built for them has other branches (Ultralytics widens them), which fit no task of few classes.

    Args:
        network: of one class, widened in place.
        classes: in all.
        bias: added to that of the new ones.
    """
    import torch

    head = network.model[-1]
    for branch in head.cv3:
        old = branch[-1]
        new = torch.nn.Conv2d(old.in_channels, classes, 1)
        with torch.no_grad():
            new.weight.copy_(old.weight.expand_as(new.weight))
            new.bias.copy_(old.bias.expand_as(new.bias))  # type: ignore[union-attr]
            new.bias[1:] += bias  # type: ignore[index]
        branch[-1] = new
    head.nc, head.no = classes, classes + head.reg_max * 4


def hardest_classes(predicted: Any, wanted: Any) -> Any:
    """Binary cross-entropy of the classes that a batch shows and of those that most take something for their own.

    Of hundreds of classes all others add next to nothing to the loss and half as much again to a step's time.

    Args:
        predicted: (b, anchors, classes) logits.
        wanted: scores of the same shape, 0..1.
    """
    import torch

    chosen = wanted.amax((0, 1)) > 0
    chosen[predicted.detach().amax((0, 1)).topk(min(_HARDEST, predicted.shape[-1])).indices] = True
    return torch.nn.functional.binary_cross_entropy_with_logits(
        predicted[..., chosen], wanted[..., chosen], reduction="none"
    )


def teach_broader(criterion: Any, classes: Sequence[str]) -> None:
    """What is of any class is also of the first, "object", and of the broader ones of the catalogue: a taxi is a car.

    Args:
        criterion: whose assigner gives each place its wanted scores, (b, anchors, 1 + classes).
        classes: keys of the catalogue, numbered from 1.
    """
    number = {name: i + 1 for i, name in enumerate(classes)}
    known = {broad: narrower for broad, narrower in BROADER.items() if broad in number}
    within = [(number[broad], [number[n] for n in names if n in number]) for broad, names in known.items()]
    assigner = criterion.assigner

    def assign(*given: Any, **named: Any) -> Any:
        labels, boxes, scores, chosen, owners = assigner(*given, **named)
        for broad, narrower in within:
            scores[..., broad] = scores[..., [broad, *narrower]].amax(-1)
        scores[..., 0] = scores.amax(-1)
        return labels, boxes, scores, chosen, owners

    criterion.assigner = assign
