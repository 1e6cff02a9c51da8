"""Read and write image files: RGB uint8 arrays in, RGB uint8 arrays out, nothing else."""

import io
import os
import stat
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from tools.core.errors import StepFailed

ImageArray = npt.NDArray[np.uint8]

WRITTEN_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
IMAGE_SUFFIXES = WRITTEN_SUFFIXES | {".jfif", ".jpe", ".avif", ".heic", ".heif", ".hif", ".jp2", ".j2k"}
# Photos too, but not read: they are named, never passed over.
RAW_SUFFIXES = frozenset({
    ".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".raf", ".orf", ".rw2", ".pef", ".srw",
    ".x3f", ".3fr", ".iiq", ".erf", ".mrw", ".gpr",
})  # fmt: skip
UNREAD_SUFFIXES = RAW_SUFFIXES | {".jxl", ".jxr", ".psd", ".svg", ".exr", ".hdr", ".tga", ".ppm", ".pgm", ".pnm"}
# What is decoded of a stranger's bytes: no PostScript, no rare format whose decoder few have looked at.
UPLOAD_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "HEIF")
# The largest cameras on sale give about 150 megapixels (450 MB decoded); more is taken for a decompression bomb.
MAX_PIXELS = 160_000_000
_RUN = "run.json"  # marks the folder of a run
_JPEG_QUALITY = 95  # above it files grow and nothing is seen
_TEN_BITS = 1024  # 16-bit images that stay below this hold 8-bit values in a wide type
_ORIENTATION = 0x0112  # EXIF tag
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
# What files that are called images turn out to be, by their first bytes.
_DISGUISES = (
    (b"<!doctype html", "a web page"), (b"<html", "a web page"), (b"<?xml", "XML"), (b"<svg", "an SVG drawing"),
    (b"%pdf", "a PDF"), (b"%!ps", "PostScript"), (b"pk\x03\x04", "a zip archive"), (b"{", "JSON or text"),
    (b"version https://git-lfs", "a pointer of Git LFS, its picture was not downloaded"), (b"\x1f\x8b", "a gzip file"),
)  # fmt: skip


def is_image(path: Path) -> bool:
    """Whether the name ends like an image's; hidden files never do."""
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")


def count_images(folder: Path) -> int:
    """Images in a folder and all below it, by their names."""
    return sum(is_image(path) for path in folder.expanduser().rglob("*"))


def is_unread_image(path: Path) -> bool:
    """Whether the name ends like that of a photo in a format that is not read."""
    return path.suffix.lower() in UNREAD_SUFFIXES and not path.name.startswith(".")


def unread_reason(path: Path) -> str:
    """Why a photo of such a format is not read, and the way out."""
    kind = "raw camera files" if path.suffix.lower() in RAW_SUFFIXES else f"{path.suffix.lower()} files"
    return f"{kind} are not read; save it as JPEG or PNG"


def walk_files(folder: Path, links: list[Path] | None = None) -> Iterator[Path]:
    """All files in a folder and the folders in it, sorted in each; hidden folders and those of runs are passed over.

    A run's own images are no photos, though it may lie among them: runs are kept where the command is given. Linked
    folders are followed, each real folder once: a link that leads back does not go round.

    Args:
        folder: where to begin.
        links: gets the linked folders that were followed.

    Raises:
        OSError: a folder cannot be read.
    """
    seen: set[tuple[int, int]] = set()
    linked: list[Path] = []
    waiting = [folder]
    while waiting or linked:
        # What lies here comes before what links lead to, so that a link within the folder adds nothing.
        place = waiting.pop() if waiting else linked.pop(0)
        about = place.stat()
        if (about.st_dev, about.st_ino) in seen:
            continue
        seen.add((about.st_dev, about.st_ino))
        if place.is_symlink() and place != folder and links is not None:
            links.append(place)
        inner: list[Path] = []
        for entry in sorted(place.iterdir()):
            kind = _kind(entry)
            if kind in (stat.S_IFREG, None):
                yield entry
            elif kind == stat.S_IFDIR and not entry.name.startswith(".") and entry.name != "__MACOSX":
                if (entry / _RUN).is_file():
                    continue
                (linked if entry.is_symlink() else inner).append(entry)
        waiting += reversed(inner)


def _kind(path: Path) -> int | None:
    """Folder, file, pipe, ...; None for a link to nowhere or in a circle, which is named when it is read."""
    try:
        return stat.S_IFMT(path.stat().st_mode)
    except OSError:
        return None


def plain_name(name: str) -> str:
    """A file's name with bytes that are no UTF-8 spelled out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def scaled_size(height: int, width: int, scale: float) -> tuple[int, int]:
    """Width and height, as OpenCV wants them, of a scaled image: a strip keeps a pixel."""
    return max(1, round(width * scale)), max(1, round(height * scale))


def read_size(path: Path) -> tuple[int, int]:
    """Width and height as shown (EXIF rotation applied); pixels are decoded only where a PNG needs it.

    Raises:
        StepFailed: the file is missing, empty, no image, or a decompression bomb; the message names it.
    """
    with open_image(path) as image:
        swapped = orientation_of(image, path) >= 5 and image.format != "TIFF"  # Pillow turns a TIFF's size by itself
        return (image.height, image.width) if swapped else (image.width, image.height)


def read_orientation(path: Path) -> int:
    """How an image's pixels are to be turned, 1..8 as in EXIF; 1 where that is not said or nonsense.

    Raises:
        StepFailed: as `read_size`.
    """
    with open_image(path) as image:
        return orientation_of(image, path)


def orientation_of(image: Image.Image, path: Path) -> int:
    """`read_orientation` of an opened image.

    Raises:
        StepFailed: a PNG that keeps it behind its pixels is cut off.
    """
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except OSError as error:
        raise _broken(path, error) from error
    except Exception:  # EXIF is written by anything, and fails in as many ways; a photo is worth more than its notes
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def read_image(path: Path) -> ImageArray:
    """An (h, w, 3) RGB image with its EXIF rotation applied; transparent parts become white.

    Args:
        path: any format Pillow knows, and HEIC; of an animation the first frame.

    Raises:
        StepFailed: the file is missing, empty, cut off, no image, or a decompression bomb; the message names it.
    """
    return _pixels(path, path)


def check_image(path: Path) -> None:
    """Decode an image for nothing but to see that it is whole; a JPEG at an eighth of its size, which is quicker.

    Raises:
        StepFailed: as `read_image`.
    """
    with open_image(path) as image:
        try:
            image.draft("L", (max(1, image.width // 8), max(1, image.height // 8)))
            image.load()
        except MemoryError:
            raise
        except Exception as error:  # decoders fail in many ways on broken files
            raise _broken(path, error) from error


def decode_image(content: bytes, name: str) -> ImageArray:
    """`read_image` for the bytes of a file, which must be of a kind that a camera or a browser writes.

    Args:
        content: of the file.
        name: of the image, for messages.

    Raises:
        StepFailed: as `read_image`.
    """
    return _pixels(Path(name), io.BytesIO(content), UPLOAD_FORMATS)


def sent_size(content: bytes, name: str) -> tuple[int, int]:
    """Width and height as stored, of the bytes of a file; nothing is decoded.

    Raises:
        StepFailed: as `read_image`.
    """
    with open_image(Path(name), io.BytesIO(content), UPLOAD_FORMATS) as image:
        return image.size


def write_image(path: Path, image: ImageArray) -> None:
    """Write an (h, w, 3) RGB or (h, w) grey image beside its place and rename it; the suffix decides the format.

    Raises:
        ValueError: not a uint8 image, or a suffix that is no image's.
        OSError: the disk is full or read-only.
    """
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or 0 in image.shape:
        raise ValueError(f"a picture is (h, w, 3) or (h, w) uint8, not {image.shape} {image.dtype}")
    if path.suffix.lower() not in WRITTEN_SUFFIXES:
        raise ValueError(f"{path.name}: not a picture's suffix; known: {', '.join(sorted(WRITTEN_SUFFIXES))}")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    options: dict[str, Any] = {"quality": _JPEG_QUALITY} if path.suffix.lower() in (".jpg", ".jpeg", ".webp") else {}
    try:
        Image.fromarray(image).save(temporary, **options)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _pixels(path: Path, source: Path | io.BytesIO, formats: tuple[str, ...] | None = None) -> ImageArray:
    """An opened image, decoded and upright."""
    with open_image(path, source, formats) as image:
        try:
            image.load()
            turn = _UPRIGHT.get(orientation_of(image, path))  # after loading: Pillow turns the pixels of some formats
            upright = image if turn is None else image.transpose(turn)
            return np.ascontiguousarray(np.asarray(_rgb(upright), dtype=np.uint8))
        except (StepFailed, MemoryError):
            raise
        except Exception as error:  # decoders fail in many ways on broken files
            raise _broken(path, error) from error


def open_image(
    path: Path, source: Path | io.BytesIO | None = None, formats: tuple[str, ...] | None = None
) -> Image.Image:
    """An opened, not yet decoded image of bearable size.

    Args:
        path: its name, for messages.
        source: where its bytes are, if not there.
        formats: the only ones that are taken; None takes any.

    Raises:
        StepFailed: as `read_size`.
    """
    _know_heif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit follows
            image: Image.Image = _pillow_open()(path if source is None else source, formats=formats)
    except FileNotFoundError as error:
        raise StepFailed(f"{path}: there is no such picture.") from error
    except Image.DecompressionBombError as error:
        raise StepFailed(_bomb(path, str(error))) from error
    except MemoryError:
        raise
    except Exception as error:
        raise StepFailed(f"{path}: not a readable picture ({_disguise(path, source, error)}). "
                         "Replace or remove it.") from error  # fmt: skip
    if image.width * image.height > MAX_PIXELS:
        size = f"{image.width} x {image.height} pixels"
        image.close()
        raise StepFailed(_bomb(path, size))
    return image


@cache
def _know_heif() -> None:
    """Let Pillow read the photos of telephones."""
    from pillow_heif import register_heif_opener

    register_heif_opener(thumbnails=False)


def _pillow_open() -> Any:
    """Pillow's own `open`: once imported, Ultralytics puts one in its place that installs packages on a broken file."""
    return getattr(sys.modules.get("ultralytics.utils.patches"), "_image_open", Image.open)


def _disguise(path: Path, source: Path | io.BytesIO | None, error: Exception) -> str:
    """What a file that cannot be opened is, as far as its first bytes tell."""
    if not isinstance(error, UnidentifiedImageError):
        return str(error) or type(error).__name__
    try:
        if isinstance(source, io.BytesIO):
            head = source.getvalue()[:256]
        else:
            with (source or path).open("rb") as file:
                head = file.read(256)
    except OSError as unread:
        return str(unread)
    if not head:
        return "the file is empty"
    if head[4:8] == b"ftyp":
        return "a film, or a HEIC or AVIF photo that is damaged or cut off"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return next((f"it is {what}" for start, what in _DISGUISES if text.startswith(start)), "no known kind of picture")


def _broken(path: Path, error: Exception) -> StepFailed:
    said = str(error) or type(error).__name__
    return StepFailed(f"{path}: the picture is broken or cut off ({said}). Replace or remove it.")


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
