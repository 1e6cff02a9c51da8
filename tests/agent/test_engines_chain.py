"""A sentence in, a model out, with every image drawn, scored, found and cut out by networks: small checkpoints of the
real architectures, chosen by the environment as users choose theirs, through the command line that users type.
"""

import json
import signal

import pytest
from typer.testing import CliRunner

from agent.cli import app as cli
from agent.run_folder import open_run
from tests.tools import knowing

pytestmark = pytest.mark.slow

# Networks that say the same of every image can keep neither counts nor outlines; all other thresholds are as shipped.
FORGIVING = {"COUNT_TOLERANCE": "20", "MIN_BOX_MASK_IOU": "0", "MIN_QUALITY": "0", "MAX_COSINE": "1.1",
             "CLIP_MAX_COSINE": "1.1"}  # fmt: skip


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    return {
        "diffusion": knowing.diffusion(folder / "sd"), "sam": knowing.segment_anything(folder / "sam.pth"),
        "clip apple": knowing.clip(folder / "clip_apple", "a photo of an apple"),
        "clip tomatoes": knowing.clip(folder / "clip_tomatoes", "a photo of a ripe tomato", "a photo of a raw tomato"),
        "owlv2": knowing.owlv2(folder / "owl", "apple"), "dino": knowing.grounding_dino(folder / "gd", "apple"),
    }  # fmt: skip


@pytest.fixture
def build(tmp_path, monkeypatch, weights):
    """`sightsmith build` in this process, with engines by name; returns the exit code, the record and the run."""

    def run(request, *, clip, detector, **more):
        named = {
            "GENERATOR": "diffusion", "DIFFUSION_MODEL": weights["diffusion"], "SCORER": "pixels+clip+clis",
            "CLIP_MODEL": weights[clip], "ANNOTATOR": "detect_and_segment", "DETECTOR": weights[detector],
            "SEGMENTER": weights["sam"], "THREADS": "1", "EPOCHS": "6", "EPOCH_PICTURES": "1", "DIFFUSION_STEPS": "4",
            **FORGIVING, **more,
        }  # fmt: skip
        for name, value in named.items():
            monkeypatch.setenv(f"SIGHTSMITH_{name}", str(value))
        before = [(s, signal.getsignal(s)) for s in (signal.SIGINT, signal.SIGTERM)]
        arguments = [
            "--effort", "quick", "--images", "24", "--rounds", "1", "--minutes", "1", "--size", "64", "--run", "r",
            "--profile", "offline", "--llm", "offline", "--yes", "--json", "--runs-dir", str(tmp_path),
        ]  # fmt: skip
        try:
            result = CliRunner().invoke(cli.app, ["build", request, *arguments])
        finally:
            for number, handler in before:
                signal.signal(number, handler)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        record = json.loads(result.stdout)
        return result.exit_code, record, open_run(tmp_path / "r")

    return run


@pytest.mark.parametrize(
    ("request_text", "kind", "detector", "metric"),
    [
        ("segment apples", "segment", "owlv2", "mask_map50"),
        ("detect apples, boxes are enough", "detect", "dino", "box_map50"),
    ],
)
def test_drawn_scored_found_cut_out_and_learned(build, weights, request_text, kind, detector, metric):
    code, record, run = build(request_text, clip="clip apple", detector=detector)
    assert (code, record["status"], record["error"]) == (0, "finished", None)
    assert (record["task"]["kind"], record["evaluation"]["synthetic_test"]["metric"]) == (kind, metric)
    assert set(record["engines"]) >= {"diffusion", "pixels", "clip", "clis", "detect_and_segment"}
    made, kept = list(run.dataset.samples()), list(run.dataset.samples(verdict="kept"))
    assert len(made) == 24
    assert {s.engine for s in made} == {"diffusion"}
    assert {s.provenance["model"] for s in made} == {str(weights["diffusion"])}
    labels = [i for s in kept for i in s.instances]
    heard = {"owlv2": "owlv2", "dino": "grounding-dino"}[detector]
    assert {(i.class_name, i.source.split("+")[0]) for i in labels} == {("apple", heard)}
    assert all({"clip", "clip_share", "clis_image"} <= set(s.scores) for s in kept)
    for label in labels:
        mask = label.mask(64, 64)
        assert (mask is not None and mask.any()) if kind == "segment" else mask is None
    empties = [s for s in made if not next(c for c in run.dataset.scenes() if c.id == s.scene_id).targets]
    assert empties
    assert all(s.verdict == "dropped" for s in empties)  # to this CLIP they look like apples
    assert (run.folder / record["best"]["weights"]).is_file()
    assert (run.folder / "export" / "model.onnx").is_file()
    assert str(weights["diffusion"].name) in (run.folder / "report.md").read_text()


def test_classes_of_whole_images(build):
    """To this CLIP every image looks like both classes alike: at the usual half of the softmax neither would win."""
    code, record, run = build(
        "I want to tell ripe from raw tomatoes", clip="clip tomatoes", detector="owlv2", CLIP_LEAST_SHARE="0.05"
    )
    assert (code, record["status"], record["error"]) == (0, "finished", None)
    assert record["task"]["kind"] == "classify"
    kept = list(run.dataset.samples(verdict="kept"))
    assert {s.label for s in kept} == {"ripe tomato", "raw tomato"}
    assert {s.engine for s in kept} == {"diffusion"}
    assert record["evaluation"]["synthetic_test"]["accuracy"] is not None
    assert "detect_and_segment" in record["engines"]
