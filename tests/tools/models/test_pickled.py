"""Files of Ultralytics: their networks are read as they were saved, and nothing that a file asks for is called."""

import pickle

import numpy as np
import pytest

from tools.core.errors import StepFailed
from tools.core.settings import Settings
from tools.label.choosing import choose, make_engine
from tools.label.labeler import label_task
from tools.models.checkpoint import save, to_ultralytics_pt
from tools.models.networks import build_network
from tools.models.pickled import load_pickled
from tools.models.predict import Predictor


@pytest.fixture(scope="module")
def pt(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    network = build_network("yolo11n-seg", ("apple", "pear"))
    save(
        folder / "w.safetensors", network.state_dict(), architecture="yolo11n-seg", names=("apple", "pear"), size_px=64
    )
    to_ultralytics_pt(folder / "w.safetensors", folder / "mine.pt")
    return folder / "mine.pt"


def test_a_file_of_ultralytics_labels_as_its_twin_does(pt, tmp_path):
    settings = Settings(runs_dir=tmp_path)
    task = label_task("apple,pear", "segment")
    engine = make_engine(task, settings, choose(task, settings, str(pt)))
    assert engine.name == "model mine" and engine.kind == "segment"
    image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    ours = Predictor.load(pt.with_name("w.safetensors"), closer=False).predict(image, 0.001)
    theirs = Predictor.load(pt, closer=False).predict(image, 0.001)
    assert len(ours) == len(theirs)
    card = load_pickled(pt)[1]
    assert (card.kind, card.names, card.size_px) == ("segment", ("apple", "pear"), 64)


class Called:
    """Pickled as a call of a layer's class with arguments, one of which Ultralytics would evaluate."""

    def __init__(self, ran):
        self.ran = ran

    def __reduce__(self):
        from ultralytics.nn.tasks import DetectionModel

        text = f"__import__('pathlib').Path({str(self.ran)!r}).touch()"
        return DetectionModel, ({"nc": 1, "activation": text, "backbone": [], "head": []},)


class Opened(Called):
    def __reduce__(self):
        return open, (str(self.ran), "w")


@pytest.mark.parametrize("kind", [Called, Opened])
def test_nothing_in_a_file_is_called(tmp_path, kind):
    import torch

    torch.save({"model": kind(tmp_path / "ran")}, tmp_path / "evil.pt", pickle_module=pickle)
    with pytest.raises(StepFailed, match=r"evil\.pt: no weights that can be opened safely.*yolo export .* format=onnx"):
        Predictor.load(tmp_path / "evil.pt")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [{"model": {"a": 1}}, {"epoch": 1}, [1, 2], "text"])
def test_what_holds_no_network_is_refused_with_the_way_out(tmp_path, content):
    import torch

    torch.save(content, tmp_path / "x.pt")
    with pytest.raises(StepFailed, match=r"x\.pt.*safetensors"):
        Predictor.load(tmp_path / "x.pt")
    with pytest.raises(StepFailed, match="no such weights file"):
        Predictor.load(tmp_path / "gone.pt")
