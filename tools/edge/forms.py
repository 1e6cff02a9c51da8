"""The forms in which a model goes to small devices: who writes each, what that needs, and what runs it here.

Ultralytics' exporters write all but the 8-bit ONNX file, which is `tools.edge.int8`'s. Every form takes one square
image at a time, as telephones and boards do.
"""

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.core.errors import FixArguments, StepFailed
from tools.steps.export_model import cpu_threads, open_onnx, open_pt, to_onnx, to_other

Batch = npt.NDArray[np.float32]
Forward = Callable[[Batch], list[Batch]]  # one (1, 3, side, side) image in 0..1 -> the network's raw outputs


@dataclass(frozen=True)
class ModelForm:
    """One form of a model."""

    name: str  # as `--to` has it
    product: str  # file or folder beside model.pt
    exporter: str  # Ultralytics' name for it
    modules: tuple[str, ...]  # that writing it needs
    install: str  # what brings them
    open: Callable[[Path], Forward] | None  # None: it runs on the device alone, so nothing can be measured here


def open_openvino(folder: Path) -> Forward:
    """Raw outputs of a folder of OpenVINO's."""
    import openvino

    options = {"INFERENCE_NUM_THREADS": cpu_threads(), "PERFORMANCE_HINT": "LATENCY"}
    core = openvino.Core()
    network = core.compile_model(core.read_model(next(folder.glob("*.xml"))), "CPU", options)
    return lambda batch: [np.array(value) for value in network(batch).to_tuple()]


def open_ncnn(folder: Path) -> Forward:
    """Raw outputs of a folder of ncnn's."""
    import ncnn

    network: Any = ncnn.Net()
    network.opt.num_threads = cpu_threads()
    network.load_param(str(folder / "model.ncnn.param"))
    network.load_model(str(folder / "model.ncnn.bin"))
    names = sorted(network.output_names())

    def run(batch: Batch) -> list[Batch]:
        extractor = network.create_extractor()
        extractor.input(network.input_names()[0], ncnn.Mat(np.ascontiguousarray(batch[0])).clone())
        return [np.array(extractor.extract(name)[1], np.float32)[None] for name in names]

    return run


def open_torchscript(path: Path) -> Forward:
    """Raw outputs of a TorchScript file that this process wrote itself."""
    import torch

    network: Any = torch.jit.load(str(path), map_location="cpu").eval()  # type: ignore[no-untyped-call]

    def run(batch: Batch) -> list[Batch]:
        with torch.no_grad():
            raw = network(torch.from_numpy(batch))
        return [t.numpy() for t in raw] if isinstance(raw, list | tuple) else [raw.numpy()]

    return run


PT, ONNX = "model.pt", "model.onnx"
INT8 = "onnx-int8"
_EDGE = "pip install 'sightsmith[edge]'"
FORMS = {
    form.name: form
    for form in (
        ModelForm(INT8, "model_int8.onnx", "onnx", ("onnxruntime",), "pip install onnxruntime", open_onnx),
        ModelForm("openvino", "model_openvino_model", "openvino", ("openvino",), _EDGE, open_openvino),
        ModelForm("ncnn", "model_ncnn_model", "ncnn", ("ncnn", "pnnx"), _EDGE, open_ncnn),
        ModelForm(
            "tflite", "model.tflite", "litert", ("litert_torch", "ai_edge_litert"),
            "pip install litert-torch ai-edge-litert", None,
        ),
        ModelForm("coreml", "model.mlpackage", "coreml", ("coremltools",), "pip install coremltools", None),
        ModelForm("torchscript", "model.torchscript", "torchscript", ("torch",), "pip install torch", open_torchscript),
    )
}  # fmt: skip
BASES: dict[str, Callable[[Path], Forward]] = {PT: open_pt, ONNX: open_onnx}


def wanted_forms(names: Sequence[str]) -> tuple[list[ModelForm], list[str]]:
    """The forms of these names that can be written here, and a sentence for each that cannot.

    Raises:
        FixArguments: no such form.
        StepFailed: none of them can be written here.
    """
    unknown = [name for name in names if name not in FORMS]
    if unknown or not names:
        raise FixArguments(f"--to {', '.join(unknown) or '(nothing)'}: known are {', '.join(FORMS)}")
    forms = [FORMS[name] for name in dict.fromkeys(names)]
    sentences = {form.name: said for form in forms if (said := missing(form)) is not None}
    if len(sentences) == len(forms):
        raise StepFailed(" ".join(sentences.values()))
    return [form for form in forms if form.name not in sentences], list(sentences.values())


def missing(form: ModelForm) -> str | None:
    """What a form needs that is not here, in a sentence; None: nothing."""
    gone = [name for name in form.modules if importlib.util.find_spec(name) is None]
    if not gone:
        return None
    what = "packages that are" if len(gone) > 1 else "a package that is"
    return f"{form.name} needs {what} not on this machine ({', '.join(gone)}): {form.install}."


def write(form: ModelForm, pt: Path, size_px: int, out: Path, calibration: Sequence[Batch]) -> Path:
    """Write one form of a model.

    Args:
        form: of `wanted_forms`.
        pt: written by `to_ultralytics_pt`.
        size_px: side of the images it will take.
        out: folder that gets the product.
        calibration: (1, 3, size, size) images in 0..1 that tell an 8-bit form how large values get.

    Raises:
        StepFailed: the exporter failed, or there is no image to calibrate on.
        DiskFull: there is no space for it.
    """
    from tools.edge.int8 import quantise

    # Elsewhere, since the exporters replace every ".pt" of the path, a folder's too.
    with tempfile.TemporaryDirectory(prefix="sightsmith-") as scratch:
        source = Path(scratch) / "model.pt"
        shutil.copyfile(pt, source)
        if form.name == INT8:
            made = Path(scratch) / form.product
            quantise(to_onnx(source, size_px, dynamic=False), made, calibration)
        else:
            with _silence():
                made = to_other(source, form.exporter, form.name, size_px)
        return _placed(made, out / form.product)


@contextmanager
def _silence() -> Iterator[None]:
    """Keep what compilers print about their passes out of this process's own output."""
    sys.stdout.flush()
    kept = [os.dup(number) for number in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for number in (1, 2):
            os.dup2(nowhere, number)
        yield
    finally:
        for number, own in zip((1, 2), kept, strict=True):
            os.dup2(own, number)
            os.close(own)
        os.close(nowhere)


def _placed(made: Path, target: Path) -> Path:
    """Put a file or folder from elsewhere into its place, whole or not at all."""
    coming = target.with_name(f".{target.name}.new")
    for old in (coming, target):
        if old.is_dir():
            shutil.rmtree(old)
    shutil.move(made, coming)
    return coming.replace(target)
