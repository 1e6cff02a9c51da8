"""Diffusion through the true loading code on small random weights: the same image in any company, and refusals."""

import json

import numpy as np
import pytest

from tests.pipeline import new_run
from tests.tools.generators import pipelines
from tools.core.errors import StepFailed
from tools.core.settings import Settings
from tools.data.images import read_image, write_image
from tools.generators import Failed, Generated
from tools.generators import diffusion as module
from tools.generators.choosing import make_generator
from tools.generators.diffusion import (
    DiffusionGenerator,
    SamplingRecipe,
    default_model,
    layout_of,
    licence_of,
    recipe_of,
)
from tools.scenes.scene import SceneObject, SceneSpec
from tools.steps.generate import generate
from tools.steps.scenes import design

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    return pipelines.stable_diffusion(tmp_path_factory.mktemp("sd"), checker=1.0)


def settings(model, **changed):
    options = {"diffusion_model": str(model), "diffusion_steps": 2, "size_px": 64, "profile": "offline"}
    return Settings(**options | changed)


def scenes(count):
    return [
        SceneSpec(caption=f"a photo of apple {i}", context="table", light="sun", family=str(i), seed=i)
        for i in range(count)
    ]


def made(options, wanted, folder):
    engine = DiffusionGenerator(options)
    results = list(engine.generate(wanted, folder))
    engine.close()
    return results


def images(results):
    return {r.scene.id: read_image(r.image).astype(int) for r in results}


def thing(box, name="apple", appearance=""):
    return SceneObject(class_name=name, drawn_as=name, appearance=appearance, box=box)


def test_an_image_is_the_same_at_any_batch_size_and_in_any_company(model, tmp_path):
    wanted = scenes(5)
    alone = images(made(settings(model, diffusion_batch=1), wanted, tmp_path / "1"))
    four = images(made(settings(model, diffusion_batch=4), wanted, tmp_path / "4"))
    other = images(made(settings(model, diffusion_batch=3), wanted[::-1], tmp_path / "3"))
    for identity, image in alone.items():
        assert np.abs(image - four[identity]).max() <= 2  # last bits of sums, and JPEG
        assert np.abs(image - other[identity]).max() <= 2
    first, second, *_ = alone.values()
    assert np.abs(first - second).mean() > 5


def test_provenance_says_how_it_was_made(model, tmp_path):
    (result,) = made(settings(model, diffusion_guidance=5.0), scenes(1), tmp_path)
    assert result.instances == []
    assert (result.width, result.height) == (64, 64)
    said = result.provenance
    assert said["prompt"] == "a photo of apple 0"
    assert (said["steps"], said["guidance"], said["pipeline"]) == (2, 5.0, "StableDiffusionPipeline")
    assert said["weights_licence"] == "openrail"
    assert said["negative_prompt"].startswith("text, watermark")
    assert said["safety_checker"] is True
    assert said["boxes"] == "not seen by the model"


def test_the_negative_prompt_needs_guidance_and_then_matters(model, tmp_path):
    def one(name, **changed):
        (result,) = made(settings(model, **changed), scenes(1), tmp_path / name)
        return read_image(result.image).astype(int), result.provenance["negative_prompt"]

    plain, said = one("a", diffusion_guidance=0.0)
    same, _ = one("b", diffusion_guidance=0.0, diffusion_negative_prompt="zzz")
    assert (said, np.abs(plain - same).max()) == ("", 0)
    pushed, _ = one("c", diffusion_guidance=7.0)
    otherwise, _ = one("d", diffusion_guidance=7.0, diffusion_negative_prompt="zzz qqq")
    assert np.abs(pushed - otherwise).max() > 0


def test_what_the_safety_checker_withholds_is_counted_and_no_image(tmp_path):
    folder = pipelines.stable_diffusion(tmp_path / "strict", checker=-1.0)
    engine = DiffusionGenerator(settings(folder))
    results = list(engine.generate(scenes(3), tmp_path / "out"))
    assert all(isinstance(r, Failed) and "safety checker withheld" in r.reason for r in results)
    assert engine.counts["withheld"] == 3
    assert not list((tmp_path / "out").glob("*.jpg"))


def test_when_memory_runs_out_the_batch_is_halved_and_nothing_changes(model, tmp_path):
    import torch

    wanted = scenes(5)
    whole = images(made(settings(model, diffusion_batch=4), wanted, tmp_path / "whole"))
    engine = DiffusionGenerator(settings(model, diffusion_batch=4))

    def small_gpu(_network, inputs):
        if inputs[0].shape[0] > 4:  # two images with guidance
            raise torch.cuda.OutOfMemoryError("out of memory")

    engine._loaded().unet.register_forward_pre_hook(small_gpu)
    halved = images(list(engine.generate(wanted, tmp_path / "halved")))
    assert list(halved) == list(whole)
    assert all(np.abs(halved[k] - whole[k]).max() <= 2 for k in whole)
    assert engine._batch == 2
    engine._loaded().unet.register_forward_pre_hook(lambda *_: (_ for _ in ()).throw(torch.cuda.OutOfMemoryError("no")))
    with pytest.raises(StepFailed, match="not even one picture of 32 px fits"):
        list(engine.generate(wanted, tmp_path / "none"))


def test_a_layout_model_hears_the_boxes(tmp_path):
    folder = pipelines.gligen(tmp_path / "gligen")
    import torch
    from diffusers import StableDiffusionGLIGENPipeline

    pipe = StableDiffusionGLIGENPipeline.from_pretrained(folder)
    for name, weight in pipe.unet.named_parameters():  # gates start shut
        if "alpha" in name:
            weight.data = torch.ones_like(weight)
    pipe.save_pretrained(folder)
    left, right = (
        SceneSpec(caption="a photo", context="table", light="sun", family="f", seed=1, objects=[thing(box)])
        for box in ((0.25, 0.5, 0.4, 0.4), (0.75, 0.5, 0.4, 0.4))
    )
    empty = scenes(1)[0]
    seeds = module.seed_of
    module.seed_of = lambda scene: 7  # only the boxes differ
    try:
        results = made(settings(folder), [left, right, empty], tmp_path / "out")
    finally:
        module.seed_of = seeds
    shown = [read_image(r.image).astype(int) for r in results]
    assert np.abs(shown[0] - shown[1]).max() > 2
    assert results[0].provenance["boxes"] == "given to the model"


def test_a_layout_follows_the_map_that_a_person_gives(model, tmp_path):
    """A random ControlNet is no zero convolution: what it is shown changes the image."""
    import torch
    from diffusers import ControlNetModel

    network = ControlNetModel.from_pretrained(pipelines.controlnet(tmp_path / "control"))
    for name, weight in network.named_parameters():
        if "controlnet_" in name:  # zeros at first
            weight.data = 0.3 * torch.randn_like(weight)
    network.save_pretrained(tmp_path / "control")
    maps = tmp_path / "maps"
    (maps / "more").mkdir(parents=True)
    for name, value in (("a.png", 0), ("more/b.png", 255)):
        write_image(maps / name, np.full((40, 60, 3), value, np.uint8))
    options = settings(model, diffusion_maps_dir=maps, diffusion_controlnet=str(tmp_path / "control"))
    wanted = scenes(8)
    wanted = [one for scene in wanted for one in (scene, scene.candidate(1))]
    results = made(options, wanted, tmp_path / "out")
    assert {r.provenance["pipeline"] for r in results} == {"StableDiffusionControlNetPipeline"}
    given = [r.provenance["map"] for r in results]
    assert set(given) == {"a.png", "more/b.png"}
    assert given[::2] == given[1::2]  # candidates of one layout follow the same
    (maps / "a.png").unlink()
    other = images(made(options, wanted, tmp_path / "other"))
    for result, name in zip(results, given, strict=True):
        changed = np.abs(read_image(result.image).astype(int) - other[result.scene.id]).max()
        assert (changed > 2) == (name == "a.png")


def test_a_model_that_cannot_follow_maps_says_so(tmp_path):
    write_image(tmp_path / "maps" / "a.png", np.zeros((40, 40, 3), np.uint8))
    folder, network = pipelines.gligen(tmp_path / "gligen"), pipelines.controlnet(tmp_path / "control")
    options = settings(folder, diffusion_maps_dir=tmp_path / "maps", diffusion_controlnet=str(network))
    with pytest.raises(StepFailed, match=r"gligen.* (cannot follow maps|could not be opened)"):
        made(options, scenes(1), tmp_path / "out")


def test_maps_and_their_network_go_together(model, tmp_path):
    (tmp_path / "none").mkdir()
    for options, words in (
        ({"diffusion_maps_dir": tmp_path}, "name both"),
        ({"diffusion_controlnet": "c"}, "name both"),
        ({"diffusion_maps_dir": tmp_path / "none", "diffusion_controlnet": "c"}, "no folder with pictures"),
    ):
        assert words in DiffusionGenerator(settings(model, **options)).unavailable()


def test_boxes_are_corners_inside_the_image():
    scene = scenes(1)[0].model_copy(
        update={"objects": [thing((0.1, 0.5, 0.4, 0.2), "apple", "red"), thing((0.5, 0.5, 0.2, 0.2), "pear", "plain")]}
    )
    assert layout_of(scene) == {
        "gligen_boxes": [[0.0, 0.4, 0.3, 0.6], [0.4, 0.4, 0.6, 0.6]], "gligen_phrases": ["red apple", "pear"],
        "gligen_scheduled_sampling_beta": 1.0,
    }  # fmt: skip
    assert layout_of(scenes(1)[0])["gligen_scheduled_sampling_beta"] == 0.0


@pytest.mark.parametrize(
    ("name", "pipeline", "scheduler", "recipe"),
    [
        ("stabilityai/sd-turbo", "StableDiffusionPipeline", "EulerDiscreteScheduler", SamplingRecipe(2, 0.0)),
        (
            "stabilityai/sdxl-turbo",
            "StableDiffusionXLPipeline",
            "EulerAncestralDiscreteScheduler",
            SamplingRecipe(2, 0.0),
        ),
        ("my/model", "StableDiffusionPipeline", "LCMScheduler", SamplingRecipe(4, 1.5)),
        ("my/dreams", "LatentConsistencyModelPipeline", "LCMScheduler", SamplingRecipe(4, 8.0)),
        ("black-forest-labs/FLUX.1-schnell", "FluxPipeline", "FlowMatchEulerDiscreteScheduler", SamplingRecipe(4, 0.0)),
        ("black-forest-labs/FLUX.1-dev", "FluxPipeline", "FlowMatchEulerDiscreteScheduler", SamplingRecipe(28, 3.5)),
        ("stabilityai/stable-diffusion-xl-base-1.0", "StableDiffusionXLPipeline", "X", SamplingRecipe(30, 5.0)),
        ("/models/mine", "StableDiffusionPipeline", "PNDMScheduler", SamplingRecipe(30, 7.0)),
    ],
)
def test_steps_and_guidance_follow_the_family(name, pipeline, scheduler, recipe):
    pipe = type(pipeline, (), {"scheduler": type(scheduler, (), {})()})()
    assert recipe_of(name, pipe) == recipe


@pytest.mark.parametrize(
    ("gib", "name"), [(None, "sd-turbo"), (6, "sd-turbo"), (8, "sdxl-turbo"), (16, "sdxl-turbo"), (24, "xl-base-1.0")]
)
def test_the_model_suits_the_memory(gib, name):
    assert default_model(gib).endswith(name)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"README.md": "---\ntags: [x]\nlicense: openrail++\n---\n"}, "openrail++"),
        ({"README.md": "---\nlicense: other\nlicense_name: sai-nc-community\n---\n"}, "sai-nc-community"),
        ({"LICENSE.md": "\n\nApache License 2.0\nmore"}, "Apache License 2.0"),
        ({"README.md": "# license: none\n"}, "not known: the folder does not say"),
    ],
)
def test_the_licence_is_what_the_folder_says(tmp_path, files, said):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert licence_of(str(tmp_path)) == said


def test_missing_and_broken_weights_are_said_in_one_sentence(tmp_path):
    run = new_run(tmp_path / "run", generator="diffusion", diffusion_model="nobody/none", profile="offline")
    with pytest.raises(StepFailed, match="weights of nobody/none are not on this machine and the profile is offline"):
        make_generator(run)
    (tmp_path / "broken").mkdir()
    with pytest.raises(StepFailed, match="SIGHTSMITH_DIFFUSION_MODEL"):
        made(settings(tmp_path / "broken"), scenes(1), tmp_path)


def test_a_run_draws_anything_that_has_a_name(model, tmp_path):
    values = settings(model).model_dump(include={"diffusion", "profile"})
    run = new_run(tmp_path, "zorb", generator="diffusion", **values)
    design(run, 4, [], None)
    assert json.loads(generate(run))["pictures_in_all"] == 4
    samples = list(run.dataset.samples())
    assert all(not s.instances and s.provenance["prompt"].startswith("A photo of") for s in samples)
    assert any("zorb" in s.provenance["prompt"] for s in samples)
    assert run.record.engines["diffusion"]["licence"] == "openrail"
    assert all(isinstance(r, Generated) for r in made(settings(model), scenes(1), tmp_path / "x"))
