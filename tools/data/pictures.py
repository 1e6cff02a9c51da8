"""Read and write picture files: RGB uint8 arrays in, RGB uint8 arrays out, nothing else."""

import io
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from tools.errors import StepFailed

Picture = npt.NDArray[np.uint8]

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
# What is decoded of a stranger's bytes: no PostScript, no rare format whose decoder few have looked at.
UPLOAD_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
# The largest cameras on sale give about 150 megapixels (450 MB decoded); more is taken for a decompression bomb.
MAX_PIXELS = 160_000_000
_JPEG_QUALITY = 95  # above it files grow and nothing is seen
_TEN_BITS = 1024  # 16-bit pictures that stay below this hold 8-bit values in a wide type


def is_picture(path: Path) -> bool:
    """Whether the name ends like a picture's; hidden files never do."""
    return path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".")


def read_size(path: Path) -> tuple[int, int]:
    """Width and height as shown (EXIF rotation applied); pixels are decoded only where a PNG needs it.

    Raises:
        StepFailed: the file is missing, empty, no picture, or a decompression bomb; the message names it.
    """
    with _open(path) as image:
        try:
            turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)  # 0x0112: orientation; these four swap the sides
        except (OSError, ValueError, SyntaxError, EOFError) as error:  # a PNG may keep it behind its pixels
            raise StepFailed(f"{path}: the picture is broken or cut off ({error}). Replace or remove it.") from error
        return (image.height, image.width) if turned else (image.width, image.height)


def read_picture(path: Path) -> Picture:
    """An (h, w, 3) RGB picture with its EXIF rotation applied; transparent parts become white.

    Args:
        path: any format Pillow knows; of an animation the first frame.

    Raises:
        StepFailed: the file is missing, empty, cut off, no picture, or a decompression bomb; the message names it.
    """
    return _pixels(path, path)


def decode_picture(content: bytes, name: str) -> Picture:
    """`read_picture` for the bytes of a file, which must be of a kind that a camera or a browser writes.

    Args:
        content: of the file.
        name: of the picture, for messages.

    Raises:
        StepFailed: as `read_picture`.
    """
    return _pixels(Path(name), io.BytesIO(content), UPLOAD_FORMATS)


def sent_size(content: bytes, name: str) -> tuple[int, int]:
    """Width and height as stored, of the bytes of a file; nothing is decoded.

    Raises:
        StepFailed: as `read_picture`.
    """
    with _open(Path(name), io.BytesIO(content), UPLOAD_FORMATS) as image:
        return image.size


def write_picture(path: Path, picture: Picture) -> None:
    """Write an (h, w, 3) RGB or (h, w) grey picture beside its place and rename it; the suffix decides the format.

    Raises:
        ValueError: not a uint8 picture, or a suffix that is no picture's.
        OSError: the disk is full or read-only.
    """
    if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or 0 in picture.shape:
        raise ValueError(f"a picture is (h, w, 3) or (h, w) uint8, not {picture.shape} {picture.dtype}")
    if path.suffix.lower() not in PICTURE_SUFFIXES:
        raise ValueError(f"{path.name}: not a picture's suffix; known: {', '.join(sorted(PICTURE_SUFFIXES))}")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    options: dict[str, Any] = {"quality": _JPEG_QUALITY} if path.suffix.lower() in (".jpg", ".jpeg", ".webp") else {}
    try:
        Image.fromarray(picture).save(temporary, **options)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _pixels(path: Path, source: Path | io.BytesIO, formats: tuple[str, ...] | None = None) -> Picture:
    """An opened picture, decoded and upright."""
    with _open(path, source, formats) as image:
        try:
            upright = ImageOps.exif_transpose(image)
            return np.ascontiguousarray(np.asarray(_rgb(upright), dtype=np.uint8))
        except (OSError, ValueError, SyntaxError, EOFError) as error:
            raise StepFailed(f"{path}: the picture is broken or cut off ({error}). Replace or remove it.") from error


def _open(path: Path, source: Path | io.BytesIO | None = None, formats: tuple[str, ...] | None = None) -> Image.Image:
    """An opened, not yet decoded picture of bearable size; of any format, or of these."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit follows
            image = Image.open(path if source is None else source, formats=formats)
    except FileNotFoundError as error:
        raise StepFailed(f"{path}: there is no such picture.") from error
    except Image.DecompressionBombError as error:
        raise StepFailed(_bomb(path, str(error))) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, ImportError) as error:
        # ImportError: once Ultralytics is imported, Pillow asks for a HEIF plugin when it does not know a file.
        raise StepFailed(f"{path}: not a readable picture ({error}). Replace or remove it.") from error
    if image.width * image.height > MAX_PIXELS:
        size = f"{image.width} x {image.height} pixels"
        image.close()
        raise StepFailed(_bomb(path, size))
    return image


def _bomb(path: Path, size: str) -> str:
    limit = MAX_PIXELS // 1_000_000
    return f"{path}: refused as a decompression bomb ({size}; at most {limit} megapixels are read). Scale it down."


def _rgb(image: Image.Image) -> Image.Image:
    """Any mode as RGB: 16-bit greys are scaled, not clipped; transparency is laid on white."""
    if image.mode.startswith("I") or image.mode == "F":
        grey = np.asarray(image, dtype=np.float64)
        top = 255.0 if grey.max(initial=0) < 256 else 1023.0 if grey.max(initial=0) < _TEN_BITS else 65535.0
        return Image.fromarray((grey.clip(0, top) * (255.0 / top)).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        seen = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("RGB")
    return image.convert("RGB")
