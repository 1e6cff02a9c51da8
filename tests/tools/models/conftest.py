"""Weights that see something in any image."""

import pytest

from tools.models import checkpoint
from tools.models.networks import build_network


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A segmenter that sees something in any image: random weights, with the scores turned up."""
    folder, paths = tmp_path_factory.mktemp("weights"), {}
    for name, architecture in {"segment": "yolo11n-seg", "detect": "yolo11n", "classify": "yolo11n-cls"}.items():
        network = build_network(architecture, ["apple", "pear"], seed=1)
        state = network.state_dict()
        for key in state:
            if ".cv3." in key and key.endswith("2.bias"):
                state[key] += 9
        paths[name] = folder / f"{name}.safetensors"
        checkpoint.save(paths[name], state, architecture=architecture, names=["apple", "pear"], size_px=96)
    return paths
