"""Poor photos: what is wrong is measured, what helps is done, and nothing else is touched."""

import json

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from agent.cli.app import app
from tools.core.errors import FixArguments, StepFailed
from tools.data.images import read_image, write_image
from tools.label import improved as before_labels
from tools.repair.classical import BLURRED_PX, NOISY, blur_of, deblurred, denoised, filled, noise_of
from tools.repair.improve import Repair, improve_photos
from tools.repair.network import RepairNetwork


def scene(side=160, seed=0):
    """Discs and squares of many colours with sharp edges and a smooth ground: nothing noisy, nothing blurred."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(60, 190, side)
    image = np.stack([ramp[None].repeat(side, 0), ramp[:, None].repeat(side, 1), np.full((side, side), 120)], -1)
    image = image.astype(np.uint8)
    for _ in range(14):
        x, y, r = rng.integers(0, side), rng.integers(0, side), int(rng.integers(6, 20))
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        if rng.random() < 0.5:
            cv2.circle(image, (int(x), int(y)), r, colour, -1)
        else:
            cv2.rectangle(image, (int(x), int(y)), (int(x) + r, int(y) + r), colour, -1)
    return image


def psnr(a, b):
    return 10 * np.log10(255**2 / max(1e-9, float(((a.astype(float) - b.astype(float)) ** 2).mean())))


def noisy(image, sigma):
    return (image + np.random.default_rng(1).normal(0, sigma, image.shape)).round().clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("sigma", [6, 12, 20])
def test_noise_is_measured_and_taken_away(sigma):
    clean = scene()
    poor = noisy(clean, sigma)
    assert noise_of(clean) < 1
    assert 0.4 * sigma < noise_of(poor) < 1.2 * sigma
    assert psnr(denoised(poor, noise_of(poor)), clean) > psnr(poor, clean) + 1


@pytest.mark.parametrize("sigma", [1.5, 2.5])
def test_blur_is_measured_and_undone(sigma):
    clean = scene()
    poor = np.asarray(cv2.GaussianBlur(clean, (0, 0), sigma))
    assert blur_of(clean) < BLURRED_PX
    assert 0.7 * sigma < blur_of(poor) < 1.4 * sigma
    assert psnr(deblurred(poor, blur_of(poor), noise_of(poor)), clean) > psnr(poor, clean) + 1


def test_what_is_marked_is_filled_in_and_the_rest_stays_bit_for_bit():
    clean = np.full((80, 80, 3), (90, 140, 60), np.uint8)
    poor = clean.copy()
    mask = np.zeros((80, 80), bool)
    mask[30:50, 38:42] = True
    poor[mask] = 255
    done = filled(poor, mask)
    assert psnr(done, clean) > 40
    assert (done[~mask] == poor[~mask]).all()


def test_a_good_photo_is_left_as_it_is_and_a_poor_one_is_not(tmp_path):
    write_image(tmp_path / "in" / "good.png", scene())
    write_image(tmp_path / "in" / "noisy.png", noisy(scene(seed=3), 14))
    (tmp_path / "in" / "broken.jpg").write_bytes(b"\xff\xd8 no")
    before = {p.name: p.read_bytes() for p in (tmp_path / "in").iterdir()}
    said = improve_photos([tmp_path / "in"], tmp_path / "out", Repair())
    assert (said["photos"], said["changed"], said["left_as_they_are"]) == (2, 1, 1)
    assert list(said["broken"]) == ["broken.jpg"]
    assert (read_image(tmp_path / "out" / "good.png") == scene()).all()
    assert json.loads((tmp_path / "out" / "improved.json").read_text())["photos"]["noisy.png"][0].startswith("denoised")
    assert {p.name: p.read_bytes() for p in (tmp_path / "in").iterdir()} == before
    # Again: what this wrote is written anew, what a person changed is not.
    write_image(tmp_path / "out" / "good.png", scene(seed=9))
    improve_photos([tmp_path / "in"], tmp_path / "out", Repair())
    assert (read_image(tmp_path / "out" / "good.png") == scene(seed=9)).all()
    assert (tmp_path / "out" / "good-2.png").is_file()


def test_marks_are_found_by_name_and_must_fit(tmp_path):
    write_image(tmp_path / "in" / "a.jpg", scene())
    mask = np.zeros((160, 160), np.uint8)
    mask[50:60, 50:60] = 255
    write_image(tmp_path / "marks" / "a.png", mask)
    result = CliRunner().invoke(
        app, ["improve", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--marks", str(tmp_path / "marks")]
    )
    assert result.exit_code == 0, result.output
    done = json.loads((tmp_path / "out" / "improved.json").read_text())["photos"]["a.png"]
    assert done == ["filled in 100 pixels by Telea"]
    write_image(tmp_path / "marks" / "a.png", mask[:80])
    with pytest.raises(FixArguments, match="160 x 80 pixels, its photo 160 x 160"):
        improve_photos([tmp_path / "in"], tmp_path / "other", Repair(("fill",)), tmp_path / "marks")
    with pytest.raises(FixArguments, match="the photos themselves"):
        improve_photos([tmp_path / "in"], tmp_path / "in", Repair())


def esrgan(path, scale=2):
    """A true ESRGAN, small, with random weights."""
    from spandrel.architectures.ESRGAN import ESRGAN

    torch.manual_seed(0)
    state = ESRGAN(in_nc=3, out_nc=3, num_filters=8, num_blocks=2, scale=scale).state_dict()
    if path.suffix == ".safetensors":
        from safetensors.torch import save_file

        save_file({k: v.contiguous() for k, v in state.items()}, path)
    else:
        torch.save({"params_ema": state}, path)
    return path


@pytest.mark.parametrize("name", ["sr.safetensors", "sr.pth"])
def test_a_network_that_enlarges_is_opened_by_path_and_works_in_tiles(tmp_path, name, monkeypatch):
    network = RepairNetwork(esrgan(tmp_path / name))
    assert (network.purpose, network.scale) == ("enlarge", 2)
    image = scene(96)
    whole = network.improve(image)
    assert whole.shape == (192, 192, 3)
    monkeypatch.setattr("tools.repair.network._TILE_PX", 64)
    monkeypatch.setattr("tools.repair.network._OVERLAP_PX", 32)
    tiled = network.improve(image)
    assert np.abs(tiled.astype(int) - whole).mean() < 3, "seams"
    done, what = Repair((), [network]).apply(image)
    assert (done.shape[0], what) == (192, [f"enlarged 2 times by ESRGAN ({name})"])


def test_a_network_that_denoises_takes_greys_or_colours(tmp_path):
    from spandrel.architectures.DnCNN import DnCNN

    for channels in (1, 3):
        torch.manual_seed(0)
        path = tmp_path / f"dn{channels}.pth"
        torch.save(DnCNN(in_nc=channels, out_nc=channels, nc=16, nb=17, act_mode="R").state_dict(), path)
        network = RepairNetwork(path)
        assert network.purpose == "restore"
        assert network.improve(scene(64)).shape == (64, 64, 3)


@pytest.mark.slow
def test_a_lama_fills_regions_and_leaves_the_rest(tmp_path):
    from spandrel.architectures.LaMa import LaMa

    torch.manual_seed(0)
    path = tmp_path / "lama.pth"
    torch.save(LaMa(in_nc=4, out_nc=3).state_dict(), path)
    network = RepairNetwork(path)
    image = scene(64)
    mask = np.zeros((64, 64), bool)
    mask[20:30, 20:30] = True
    done = network.fill(image, mask)
    assert (done[~mask] == image[~mask]).all()
    with pytest.raises(StepFailed, match="--marks or --region"):
        network.improve(image)


def test_code_in_a_model_file_is_never_run(tmp_path):
    import pickle

    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    with (tmp_path / "evil.pth").open("wb") as file:
        pickle.dump({"a": Evil()}, file)
    with pytest.raises(StepFailed, match="opened safely"):
        RepairNetwork(tmp_path / "evil.pth")
    assert not (tmp_path / "ran").exists()
    torch.save({"a": torch.zeros(3)}, tmp_path / "odd.pth")
    with pytest.raises(StepFailed, match="known architecture"):
        RepairNetwork(tmp_path / "odd.pth")
    with pytest.raises(StepFailed, match="no such model file"):
        RepairNetwork(tmp_path / "none.pth")


class SharpEyed:
    """Finds red squares, but only where the image is not noisy."""

    name, about, kind, threshold = "eyes", "labels by eyes", "detect", 0.5

    def find(self, images, least):
        from tools.data.sample import Instance

        found = []
        for image in images:
            red = (image[..., 0] > 150) & (image[..., 1] < 90) & (image[..., 2] < 90)
            count, _, stats, _ = cv2.connectedComponentsWithStats(red.astype(np.uint8))
            ok = noise_of(image) < NOISY
            found.append(
                [
                    Instance(class_name="apple", box=(x, y, x + w, y + h), score=0.9, source="eyes")
                    for x, y, w, h, area in stats[1:count]
                    if area > 100 and ok
                ]
            )
        return found

    def close(self):
        pass


@pytest.mark.parametrize(("sigma", "improved"), [(16, True), (0, False)])
def test_photos_are_improved_before_labelling_only_where_labelled_ones_say_so(tmp_path, sigma, improved):
    from tests.tools.label.colour_engine import settings
    from tools.label.labeler import label_task

    images, annotations = [], []
    for number in range(10):
        x, y = 20 + 6 * number, 30 + 3 * number
        image = np.full((128, 128, 3), 120, np.uint8)
        image[y : y + 30, x : x + 30] = (220, 40, 40)
        image[:4, : 10 + 9 * number] = 20 * number
        write_image(tmp_path / "labelled" / f"photo{number}a.png", noisy(image, sigma))
        images.append({"id": number + 1, "file_name": f"photo{number}a.png", "width": 128, "height": 128})
        box = {"bbox": [x, y, 30, 30], "area": 900, "iscrowd": 0}
        annotations.append({"id": number + 1, "image_id": number + 1, "category_id": 1, **box})
    told = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "apple"}]}
    (tmp_path / "labelled" / "annotations.json").write_text(json.dumps(told))
    worth, said = before_labels.worth_it(
        SharpEyed(), Repair(), tmp_path / "labelled", label_task("apple", "detect"), settings(tmp_path)
    )
    assert worth == improved, said
    assert ("improved first" in said) == improved


def test_what_is_found_in_an_enlarged_photo_is_told_in_its_own_pixels():
    image = np.full((60, 80, 3), 120, np.uint8)
    image[10:30, 20:40] = (220, 40, 40)
    engine = before_labels.ImprovedEngine(SharpEyed(), Repair(("enlarge",), scale=2))
    [[found]] = engine.find([image], 0.1)
    assert np.abs(np.array(found.box) - (20, 10, 40, 30)).max() <= 1


def test_the_agent_improves_only_what_the_person_named_and_approved(tmp_path, monkeypatch):
    from tests.tools.steps.test_train import make_run
    from tools.repair import tool

    write_image(tmp_path / "mine" / "a.png", noisy(scene(64), 14))
    (tmp_path / "run").mkdir()
    run = make_run(tmp_path / "run")
    run.record.request = f"improve my photos in {tmp_path}/mine"
    said = ["no"]
    monkeypatch.setattr(tool, "interrupt", lambda question: said[0])
    with pytest.raises(StepFailed, match="refused"):
        tool.improve(run, [f"{tmp_path}/mine"], [])
    assert not (run.folder / "improved").exists()
    said[0] = "yes"
    assert json.loads(tool.improve(run, [f"{tmp_path}/mine"], []))["done"] == "photos: 1, changed: 1"
    assert (run.folder / "improved" / "a.png").is_file()
    with pytest.raises(FixArguments, match="has not named this place"):
        tool.improve(run, [f"{tmp_path}/other"], [])
