"""Eight bits instead of 32: ONNX Runtime's static quantiser, with what it learnt from validation images.

Convolutions alone are quantised, each output channel with a scale of its own. The last layers of the head and the
decoding after them stay as they are: one scale over pixels (to 640) and scores (to 1) would round every score to 0.
Weights keep 7 of the 8 bits: without VNNI a processor adds two products in 16 bits, which overflow with 8.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.core.errors import StepFailed
from tools.core.files import DiskFull, is_full

_LAST_LAYERS = re.compile(r"/cv\d\.\d/cv\d\.\d\.2/|/dfl/")  # of Ultralytics' heads: boxes, classes, coefficients


def quantise(source: Path, target: Path, calibration: Sequence[npt.NDArray[np.float32]]) -> None:
    """Write the 8-bit twin of an ONNX file.

    Args:
        source: 32-bit, of a fixed size.
        target: written anew.
        calibration: images as the network takes them; some dozen are enough.

    Raises:
        StepFailed: there is no image, or the quantiser failed.
        DiskFull: there is no space for it.
    """
    if not calibration:
        raise StepFailed("8 bits are fitted to pictures, and there is none to fit them to")
    import onnx
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = source.with_name("prepared.onnx")
    try:
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared), str(target), _reader(onnx.load(str(source)).graph.input[0].name, calibration),
            quant_format=QuantFormat.QDQ, per_channel=True, reduce_range=True, activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8, nodes_to_exclude=left_alone(onnx.load(str(prepared)).graph.node),
        )  # fmt: skip
    except Exception as error:  # the quantiser has no error class of its own
        if is_full(error):
            raise DiskFull(target) from error
        raise StepFailed(f"the model could not be brought to 8 bits ({type(error).__name__}: {error})") from error


def left_alone(nodes: Sequence[Any]) -> list[str]:
    """Names of the nodes of a graph that keep 32 bits."""
    return [node.name for node in nodes if node.op_type != "Conv" or _LAST_LAYERS.search(node.name)]


def _reader(name: str, images: Sequence[npt.NDArray[np.float32]]) -> Any:
    from onnxruntime.quantization import CalibrationDataReader

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        """Hands out one image after the other."""

        def __init__(self) -> None:
            self.coming: Iterator[npt.NDArray[np.float32]] = iter(images)

        def get_next(self) -> dict[str, npt.NDArray[np.float32]] | None:
            """The next image; None after the last."""
            image = next(self.coming, None)
            return None if image is None else {name: image}

        def rewind(self) -> None:
            """Begin anew."""
            self.coming = iter(images)

    return Reader()
