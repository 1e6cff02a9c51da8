"""Weights files: what is written is read, and nothing else is."""

import pickle

import pytest
import torch
from safetensors.torch import save_file

from tools.core.errors import StepFailed
from tools.models import checkpoint
from tools.models.networks import architecture_name, build_network, kind_of, transfer, transfer_classes

NAMES = ("apple", "日本 '\"/🍎")


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "good.safetensors"
    network = build_network("yolo11n-seg", NAMES, seed=3)
    checkpoint.save(path, network.state_dict(), architecture="yolo11n-seg", names=NAMES, size_px=96, extra={"a": [1]})
    return path


def test_weights_come_back_exactly(good):
    network, card = checkpoint.load_model(good)
    assert (card.architecture, card.kind, card.names, card.size_px) == ("yolo11n-seg", "segment", NAMES, 96)
    assert card.extra == {"a": [1]}
    assert set(card.versions) == {"torch", "ultralytics"}
    expected = build_network("yolo11n-seg", NAMES, seed=3).state_dict()
    assert all((v == expected[k]).all() for k, v in network.state_dict().items())
    assert not network.training


@pytest.mark.slow
def test_networks_follow_from_the_seed():
    one, two, other = (build_network("yolo11n", ["a"], seed=s).state_dict() for s in (1, 1, 2))
    assert all((one[k] == two[k]).all() for k in one)
    assert any((one[k] != other[k]).any() for k in one)


def test_half_precision_is_half_as_large_and_close(good, tmp_path):
    tensors, _ = checkpoint.load(good)
    small = tmp_path / "small.safetensors"
    checkpoint.save(small, tensors, architecture="yolo11n-seg", names=NAMES, size_px=96, half=True)
    assert small.stat().st_size < 0.55 * good.stat().st_size
    network, _ = checkpoint.load_model(small)
    weight = network.state_dict()["model.0.conv.weight"]
    assert weight.dtype == torch.float32
    assert torch.allclose(weight, tensors["model.0.conv.weight"], atol=1e-3)


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flip_a_bit(data: bytes) -> bytes:
    return data[:-1000] + bytes([data[-1000] ^ 1]) + data[-999:]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda d: b"", "not a readable weights file"),
        (lambda d: b"hello", "not a readable weights file"),
        (_cut, "not a readable weights file"),
        (_flip_a_bit, "checksum differs"),
        (lambda d: pickle.dumps({"model": 1}), "not a readable weights file"),
        (lambda d: d.replace(b"sightsmith-weights-1", b"sightsmith-weights-9"), "not weights of Sightsmith"),
        (lambda d: d.replace(b"yolo11n-seg", b"yolo11n-sag"), "no known network"),
        (lambda d: d.replace(b'"size_px":"96"', b'"size_px":"9x"'), "metadata is damaged"),
        (lambda d: d.replace(b"yolo11n-seg", b"yolo11s-seg"), "does not fit yolo11s-seg"),
    ],
)
def test_damaged_files_are_refused_by_name(good, tmp_path, damage, message):
    path = tmp_path / "bad.safetensors"
    path.write_bytes(damage(good.read_bytes()))
    with pytest.raises(StepFailed, match=message) as caught:
        checkpoint.load_model(path)
    if "known network" not in message:
        assert str(path) in str(caught.value)


def test_an_average_lies_half_way_and_wants_the_same_network(good, tmp_path):
    tensors, card = checkpoint.load(good)
    name = next(n for n, t in tensors.items() if t.is_floating_point())
    moved = tensors | {name: tensors[name] + 2}
    checkpoint.save(
        tmp_path / "b.safetensors", moved, architecture=card.architecture, names=card.names, size_px=card.size_px
    )
    checkpoint.averaged([good, tmp_path / "b.safetensors"], tmp_path / "mean.safetensors")
    mean, of = checkpoint.load(tmp_path / "mean.safetensors")
    assert torch.allclose(mean[name].float(), tensors[name].float() + 1, atol=1e-2) and of.names == card.names
    del moved[name]
    checkpoint.save(
        tmp_path / "b.safetensors", moved, architecture=card.architecture, names=card.names, size_px=card.size_px
    )
    with pytest.raises(StepFailed, match="not of the same network"):
        checkpoint.averaged([good, tmp_path / "b.safetensors"], tmp_path / "mean.safetensors")


def test_missing_foreign_and_pickled_files_are_refused(tmp_path):
    with pytest.raises(StepFailed, match="there is no such weights file"):
        checkpoint.load(tmp_path / "none.safetensors")
    save_file({"a": torch.zeros(2)}, str(tmp_path / "foreign.safetensors"))
    with pytest.raises(StepFailed, match="not weights of Sightsmith"):
        checkpoint.load(tmp_path / "foreign.safetensors")

    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("code in a weights file was run",))

    torch.save(Bomb(), tmp_path / "bomb.pt")
    with pytest.raises(StepFailed, match=r"only \.safetensors"):
        checkpoint.load(tmp_path / "bomb.pt")
    (tmp_path / "bomb.pt").rename(tmp_path / "bomb.safetensors")
    with pytest.raises(StepFailed, match="not a readable weights file"):
        checkpoint.load(tmp_path / "bomb.safetensors")


@pytest.mark.slow
def test_the_pt_opens_in_ultralytics_and_says_the_same(good, tmp_path):
    checkpoint.to_ultralytics_pt(good, tmp_path / "out" / "model.pt")
    from ultralytics.models import YOLO

    model = YOLO(str(tmp_path / "out" / "model.pt"))
    assert model.task == "segment"
    assert list(model.names.values()) == list(NAMES)
    network, _ = checkpoint.load_model(good)
    with torch.no_grad():
        pixels = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
        expected, found = network(pixels)[0][0], model.model.float().eval()(pixels)[0][0]
    assert torch.allclose(found, expected, atol=0.15)  # boxes in pixels; the .pt holds 16-bit floats
    assert torch.allclose(found[:, 4:], expected[:, 4:], atol=2e-2)


@pytest.mark.parametrize(
    ("target", "names", "least"),
    [
        ("yolo11n-seg", ["a"], 0.99),
        ("yolo11n-seg", ["a", "b"], 0.99),
        ("yolo11n", ["a", "b"], 0.99),
        ("yolo11n-cls", ["a"], 0.6),
    ],
)
def test_a_class_agnostic_starter_fills_every_kind_of_network(target, names, least):
    starter = build_network("yolo11n-seg", ["object"], seed=1)
    network = build_network(target, names, seed=2)
    assert transfer(network, starter.state_dict(), "yolo11n-seg", target) > least
    own, given = network.state_dict(), starter.state_dict()
    assert (own["model.4.cv1.conv.weight"] == given["model.4.cv1.conv.weight"]).all()
    if target == "yolo11n-cls":  # there the attention block has another number
        assert (own["model.9.cv1.conv.weight"] == given["model.10.cv1.conv.weight"]).all()
    else:
        assert (own["model.23.cv3.0.2.weight"] == given["model.23.cv3.0.2.weight"]).all()  # one row for each class


@pytest.mark.parametrize(
    ("model", "kind", "expected"),
    [
        ("yolo11n", "segment", "yolo11n-seg"),
        ("yolo11n-seg", "detect", "yolo11n"),
        ("yolo26s", "classify", "yolo26s-cls"),
        ("yolo12n", "detect", "yolo12n"),
    ],
)
def test_names_of_networks(model, kind, expected):
    assert architecture_name(model, kind) == expected
    assert kind_of(expected) == kind


def test_classes_that_two_networks_share_keep_their_outputs():
    old = build_network("yolo11n-seg", ["apple", "pear"], seed=1)
    new = build_network("yolo11n", ["plum", "pear", "apple"], seed=2)
    before = {k: v.clone() for k, v in new.state_dict().items()}
    assert transfer_classes(
        new, old.state_dict(), ("yolo11n-seg", ["apple", "pear"]), ("yolo11n", ["plum", "pear", "apple"])
    )
    key = next(k for k, v in new.state_dict().items() if ".cv3." in k and v.shape[:1] == (3,) and v.dim() > 1)
    now, given = new.state_dict()[key], old.state_dict()[key]
    assert (now[1] == given[1]).all() and (now[2] == given[0]).all()  # each by its name, not by its place
    assert (now[0] == before[key][0]).all()  # what is new begins as it did
