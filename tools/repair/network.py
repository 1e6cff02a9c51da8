"""Networks that make photos better, from model files by path: ESRGAN, DnCNN, LaMa and what else `spandrel` knows.

Files are opened as tensors alone: .safetensors, or .pth and .pt without any code in them.
"""

import pickle
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tools.core.errors import StepFailed
from tools.data.images import ImageArray
from tools.data.sample import BoolMask

Purpose = Literal["enlarge", "restore", "fill"]
_TILE_PX, _OVERLAP_PX = 512, 32  # a photo of a camera is computed in parts
_PURPOSES: dict[str, Purpose] = {"SR": "enlarge", "FaceSR": "enlarge", "Restoration": "restore", "Inpainting": "fill"}


class RepairNetwork:
    """One model file.

    Args:
        path: of the file.

    Raises:
        StepFailed: it is missing, damaged, holds more than tensors, or is of no architecture that is known.
    """

    def __init__(self, path: Path) -> None:
        from spandrel import ModelLoader, UnsupportedModelError

        from tools.core.devices import choose_device

        self.path, self.device = path, choose_device()
        try:
            self._model: Any = ModelLoader(device=self.device).load_from_state_dict(_tensors(path)).eval()
        except (UnsupportedModelError, RuntimeError, KeyError, ValueError, IndexError) as error:
            why = next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]
            raise StepFailed(f"{path}: no model file of a known architecture ({why})") from error
        self.purpose = _PURPOSES[self._model.purpose]
        self.scale = int(getattr(self._model, "scale", 1))
        self.name = f"{self._model.architecture.id} ({path.name})"

    def improve(self, image: ImageArray) -> ImageArray:
        """A photo made better, `scale` times as large; computed in overlapping tiles.

        Raises:
            StepFailed: the network fills regions.
        """
        if self.purpose == "fill":
            raise StepFailed(f"{self.path} fills marked regions: name them with --marks or --region")
        h, w = image.shape[:2]
        sums = np.zeros((h * self.scale, w * self.scale, 3), np.float32)
        weights = np.zeros((*sums.shape[:2], 1), np.float32)
        for top in _starts(h):
            for left in _starts(w):
                part = image[top : top + _TILE_PX, left : left + _TILE_PX]
                made = self._run(part)
                y, x = top * self.scale, left * self.scale
                ramp = _ramp(made.shape[0])[:, None, None] * _ramp(made.shape[1])[None, :, None]
                sums[y : y + made.shape[0], x : x + made.shape[1]] += made * ramp
                weights[y : y + made.shape[0], x : x + made.shape[1]] += ramp
        return np.asarray((sums / weights).round().clip(0, 255), np.uint8)

    def fill(self, image: ImageArray, mask: BoolMask) -> ImageArray:
        """A photo whose marked pixels are filled in; the others stay bit for bit.

        Raises:
            StepFailed: the network fills nothing.
        """
        if self.purpose != "fill":
            raise StepFailed(f"{self.path} fills no regions; leave --marks and --region out, or name a LaMa")
        import torch

        with torch.inference_mode():
            marked = torch.from_numpy(mask.astype(np.float32))[None, None].to(self.device)
            made = _image(self._model(self._tensor(image), marked))
        return np.where(mask[..., None], np.asarray(made.round().clip(0, 255), np.uint8), image)

    def _run(self, image: ImageArray) -> npt.NDArray[np.float32]:
        import torch

        with torch.inference_mode():
            return _image(self._model(self._tensor(image)))

    def _tensor(self, image: ImageArray) -> Any:
        """(1, 3, h, w) in 0..1; a network of greys gets each colour by itself, as (3, 1, h, w)."""
        import torch

        tensor = torch.from_numpy(np.ascontiguousarray(image)).to(self.device).permute(2, 0, 1).float() / 255
        return tensor[:, None] if self._model.input_channels == 1 else tensor[None]


def _image(tensor: Any) -> npt.NDArray[np.float32]:
    """(h, w, 3) in 0..255."""
    colours = tensor[:, 0] if tensor.shape[1] == 1 else tensor[0]
    return np.asarray(colours.float().cpu().permute(1, 2, 0).numpy() * 255, np.float32)


def _starts(length: int) -> list[int]:
    step = _TILE_PX - _OVERLAP_PX
    return [0] if length <= _TILE_PX else [*range(0, length - _TILE_PX, step), length - _TILE_PX]


def _ramp(length: int) -> npt.NDArray[np.float32]:
    """Weights of a tile's pixels, less towards its ends, so that no seam shows."""
    distance = np.minimum(np.arange(length) + 1, np.arange(length)[::-1] + 1)
    return np.asarray(np.minimum(distance, _OVERLAP_PX) / _OVERLAP_PX, np.float32)


def _tensors(path: Path) -> dict[str, Any]:
    """The tensors of a model file; those of its averaged copy where it has one."""
    if not path.is_file():
        raise StepFailed(f"{path}: there is no such model file")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return dict(load_file(path))
        import torch

        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # each reader has error classes of its own
        if isinstance(error, MemoryError | KeyboardInterrupt):
            raise
        why = next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]
        code = " It may hold code, which is never run." if isinstance(error, pickle.UnpicklingError) else ""
        raise StepFailed(f"{path}: no model file that can be opened safely ({why}).{code}") from error
    for name in ("params_ema", "params", "state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(name), dict):
            content = content[name]
    if not isinstance(content, dict) or not content:
        raise StepFailed(f"{path}: holds no tensors by name, so it is no model file")
    return content
