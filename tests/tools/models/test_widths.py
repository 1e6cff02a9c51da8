"""Channels that say nothing can go without a trace; what is left loads, predicts and trains as any model."""

import copy

import numpy as np
import pytest
import torch

from tools.models.checkpoint import load_model, save
from tools.models.networks import build_network
from tools.models.predict import Predictor
from tools.models.widths import MULTIPLE, fit_widths, hidden_channels, narrowed


def _network(architecture, seed=3):
    network = build_network(architecture, ["apple", "pear"], seed).eval()
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():  # as after a training: statistics and scales of every channel differ
        if isinstance(module, torch.nn.BatchNorm2d):
            for values, low in ((module.running_var, 0.5), (module.weight.data, 0.5), (module.bias.data, -0.5)):
                values.copy_(low + torch.rand(values.shape, generator=generator))
    return network


def _outputs(network):
    with torch.no_grad():
        found = network(torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)))
    parts = found if isinstance(found, list | tuple) else [found]
    flat = parts[0] if isinstance(parts[0], list | tuple) else [parts[0]]
    return [p for p in flat if isinstance(p, torch.Tensor)]


@pytest.mark.parametrize("architecture", ["yolo11n-seg", "yolo11n", "yolo12n", "yolo26n", "yolo11n-cls"])
def test_channels_that_say_nothing_go_without_a_trace(architecture):
    network = _network(architecture)
    values = network.state_dict()
    for hidden in hidden_channels(values):
        width = len(values[f"{hidden.made}.conv.weight"])
        silent = torch.randperm(width, generator=torch.Generator().manual_seed(width))[: width // 2]
        for layer in (hidden.made, *hidden.through):  # SiLU of 0 is 0
            values[f"{layer}.bn.weight"][silent] = 0
            values[f"{layer}.bn.bias"][silent] = 0
    before = _outputs(network)
    small = narrowed(values, 0.5)
    narrow = build_network(architecture, ["apple", "pear"])
    fit_widths(narrow, small)
    narrow.load_state_dict(small)
    for one, other in zip(before, _outputs(narrow.eval()), strict=True):
        assert torch.allclose(one, other, atol=1e-4)
    counts = [sum(p.numel() for p in n.parameters()) for n in (network, narrow)]
    assert counts[1] < (0.98 if architecture.endswith("cls") else 0.9) * counts[0]


def test_the_strongest_stay_in_their_order_and_widths_are_those_that_cpus_like():
    values = _network("yolo11n-seg").state_dict()
    small = narrowed(values, 0.3)
    for hidden in hidden_channels(values):
        wide, narrow = (v[f"{hidden.made}.conv.weight"] for v in (values, small))
        assert len(narrow) % MULTIPLE == 0 and MULTIPLE <= len(narrow) <= len(wide)
        assert small[hidden.read].shape[1] == len(narrow)
        kept, of = (v[f"{hidden.made}.bn.bias"].tolist() for v in (small, values))
        places = [of.index(value) for value in kept]
        assert places == sorted(places)
    assert all(torch.equal(narrowed(values, 0.0)[k], v) for k, v in values.items())


def test_what_others_read_keeps_its_width():
    values = _network("yolo11n-seg").state_dict()
    small = narrowed(values, 0.5)
    for layer in ("model.0", "model.2.cv1", "model.6.m.0.cv3", "model.9.cv1"):
        assert small[f"{layer}.conv.weight"].shape == values[f"{layer}.conv.weight"].shape
    assert "model.6.m.0.m.0" in {k.split(".cv")[0] for k, v in small.items() if v.shape != values[k].shape}


def test_a_file_of_a_narrow_model_is_a_model(tmp_path):
    network = _network("yolo11n")
    small = narrowed(copy.deepcopy(network.state_dict()), 0.5)
    save(tmp_path / "w.safetensors", small, architecture="yolo11n", names=["apple", "pear"], size_px=64, half=True)
    loaded, card = load_model(tmp_path / "w.safetensors")
    assert card.names == ("apple", "pear") and sum(p.numel() for p in loaded.parameters()) < 2_400_000
    black = np.zeros((64, 64, 3), np.uint8)
    assert Predictor.load(tmp_path / "w.safetensors").predict(black, 0.9) == []
