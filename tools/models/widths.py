"""Narrower networks: channels that only one layer reads, and that say least, are left out of both (structured pruning).

How little a channel says is the L1 norm of its filter (Li et al., Pruning Filters for Efficient ConvNets, ICLR 2017),
times what batch normalisation makes of it. Taken are channels inside blocks alone, between two convolutions that
nobody else reads: bottlenecks, attention's own layers, the branches of the head, the prototypes of masks. So all that
blocks hand to each other keeps its width, and a file of such weights says by its shapes what was left out.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

MULTIPLE = 8  # widths that CPUs and exporters compute well
_EPSILON = 1e-3  # of the networks' batch normalisation


class Hidden(NamedTuple):
    """Channels between two layers, by the names of the layers' values."""

    made: str  # convolution with batch normalisation that makes them
    through: tuple[str, ...]  # depthwise ones of the same kind, which keep them apart
    read: str  # weight of the convolution that reads them


def hidden_channels(values: Mapping[str, Any]) -> Iterator[Hidden]:
    """All channels that only one layer reads, in the order of the network.

    Args:
        values: state of a network of Ultralytics' modules.
    """
    last = max(int(m[1]) for key in values if (m := re.match(r"model\.(\d+)\.", key)))
    for key in values:
        block = re.fullmatch(r"(.+\.m\.\d+)\.cv1\.conv\.weight", key)
        if block and f"{block[1]}.cv2.conv.weight" in values and f"{block[1]}.cv3.conv.weight" not in values:
            yield Hidden(f"{block[1]}.cv1", (), f"{block[1]}.cv2.conv.weight")
        if (layer := re.fullmatch(r"(.+\.ffn)\.0\.conv\.weight", key)) and f"{layer[1]}.1.conv.weight" in values:
            yield Hidden(f"{layer[1]}.0", (), f"{layer[1]}.1.conv.weight")
        if branch := re.fullmatch(rf"(model\.{last}\.cv[234]\.\d+)\.2\.weight", key):
            yield from _of_branch(branch[1], values)
    if f"model.{last}.proto.cv2.conv.weight" in values:
        yield Hidden(f"model.{last}.proto.cv2", (), f"model.{last}.proto.cv3.conv.weight")


def _of_branch(name: str, values: Mapping[str, Any]) -> Iterator[Hidden]:
    """Of one branch of a head: two layers, each a convolution or a depthwise one and a convolution, and the last."""
    if f"{name}.1.conv.weight" in values:
        yield Hidden(f"{name}.0", (), f"{name}.1.conv.weight")
        yield Hidden(f"{name}.1", (), f"{name}.2.weight")
    elif f"{name}.1.1.conv.weight" in values:
        yield Hidden(f"{name}.0.1", (f"{name}.1.0",), f"{name}.1.1.conv.weight")
        yield Hidden(f"{name}.1.1", (), f"{name}.2.weight")


def narrowed(values: Mapping[str, Any], share: float) -> dict[str, Any]:
    """The state of a network without the channels that say least.

    Args:
        values: state of a network of Ultralytics' modules.
        share: of the hidden channels that go, in [0, 1); widths stay multiples of `MULTIPLE`.
    """
    import torch

    made = dict(values)
    for hidden in hidden_channels(values):
        width = len(made[f"{hidden.made}.conv.weight"])
        kept = max(min(width, MULTIPLE), round(width * (1 - share) / MULTIPLE) * MULTIPLE)
        if kept >= width:
            continue
        says = _strength(made, hidden.made)
        chosen = torch.sort(torch.topk(says, kept).indices).values
        for layer in (hidden.made, *hidden.through):
            for key in [k for k in made if k.startswith(f"{layer}.") and made[k].ndim]:
                made[key] = made[key][chosen]
        made[hidden.read] = made[hidden.read][:, chosen]
    return made


def _strength(values: Mapping[str, Any], layer: str) -> Any:
    """(channels,) how much each channel of a convolution with batch normalisation can say."""
    norm = values[f"{layer}.conv.weight"].float().abs().sum(dim=(1, 2, 3))
    scale = values[f"{layer}.bn.weight"].float().abs()
    return norm * scale / (values[f"{layer}.bn.running_var"].float() + _EPSILON).sqrt()


def fit_widths(network: Any, values: Mapping[str, Any]) -> None:
    """Give the hidden layers of a network the widths of a state, in place; their values are to be loaded.

    Args:
        network: of Ultralytics' modules, at its full width.
        values: of `narrowed`, of a network of the same name.
    """
    import torch

    own = network.state_dict()
    changed = set()
    for hidden in hidden_channels(own):
        changed |= {key for layer in (hidden.made, *hidden.through) for key in own if key.startswith(f"{layer}.")}
        changed.add(hidden.read)
    for key in changed:
        if key not in values or values[key].shape == own[key].shape:
            continue
        path, _, name = key.rpartition(".")
        layer, empty = network.get_submodule(path), torch.empty(values[key].shape)
        if name.startswith("running"):
            setattr(layer, name, empty)
            continue
        setattr(layer, name, torch.nn.Parameter(empty))
        if name != "weight":
            continue
        if isinstance(layer, torch.nn.Conv2d):
            depthwise = layer.groups > 1
            layer.out_channels = len(empty)
            layer.in_channels = len(empty) if depthwise else empty.shape[1]
            layer.groups = len(empty) if depthwise else 1
        else:
            layer.num_features = len(empty)
