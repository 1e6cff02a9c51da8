"""A person's photos, one after the other: which files there are, and their pixels, read ahead within bounds.

Nothing in the given folders is written, moved or deleted. What cannot be read becomes a reason, not an error.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tools.core.errors import FixArguments, StepFailed
from tools.data.dataset import file_sha256
from tools.data.images import (
    ImageArray,
    is_image,
    is_unread_image,
    open_image,
    orientation_of,
    plain_name,
    read_image,
    unread_reason,
    walk_files,
)
from tools.data.origin import read_origin

READ_AHEAD_PX = 40_000_000  # in memory at once: 120 MB decoded; one photo may be larger
_THREADS = 2  # decoding lets go of the interpreter; more gain nothing while a network computes


@dataclass(frozen=True)
class PhotoFile:
    """A file that may be a photo."""

    path: Path
    name: str  # relative to what was given, in characters that every database takes
    root: Path  # the folder or file that was given
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class ReadPhoto:
    """A photo in memory, or why it cannot be."""

    file: PhotoFile
    image: ImageArray | None
    problem: str = ""
    notes: list[str] = field(default_factory=list)  # what is unusual about it
    sha256: str = ""  # of the file's bytes


def find_photos(given: Sequence[Path]) -> Iterator[PhotoFile]:
    """The photos in files and folders, in a stable order; a folder's names are in memory, its contents are not.

    Photos of a kind that is not read are among them: they are named when they are read.

    Args:
        given: photos, or folders that are searched with all folders in them, linked ones too.

    Raises:
        FixArguments: something given does not exist.
        StepFailed: a folder cannot be read.
    """
    single = len(given) == 1
    for root in given:
        if root.is_dir():
            prefix = "" if single else f"{root.resolve().name}/"
            for path in _walk(root):
                yield from _file(path, prefix + path.relative_to(root).as_posix(), root)
        elif root.exists():
            yield from _file(root, root.name, root)
        else:
            raise FixArguments(f"{root}: there is no such photo or folder")


def _walk(folder: Path) -> Iterator[Path]:
    try:
        yield from (path for path in walk_files(folder) if is_image(path) or is_unread_image(path))
    except OSError as error:
        raise StepFailed(
            f"{error.filename or folder} cannot be read ({error.strerror}); check that it is still there"
        ) from error


def _file(path: Path, name: str, root: Path) -> Iterator[PhotoFile]:
    size = changed = 0
    try:
        about = path.stat()
        size, changed = about.st_size, about.st_mtime_ns
    except OSError:  # gone since its folder was listed, or a link to nowhere
        pass  # it is named when it is read
    yield PhotoFile(path, plain_name(name), root, size, changed)


def read_ahead(files: Iterator[PhotoFile]) -> Iterator[ReadPhoto]:
    """Photos in their order, the next ones decoded meanwhile, never more than `READ_AHEAD_PX` of them."""
    waiting: deque[tuple[Future[ReadPhoto], int]] = deque()
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="photos") as pool:
        coming = next(files, None)
        while coming is not None or waiting:
            while coming is not None:
                pixels = _pixels(coming.path)
                if waiting and pixels + sum(p for _, p in waiting) > READ_AHEAD_PX:
                    break
                waiting.append((pool.submit(read_photo, coming), pixels))
                coming = next(files, None)
                if len(waiting) > 4 * _THREADS:
                    break
            yield waiting.popleft()[0].result()


def _pixels(path: Path) -> int:
    try:
        with open_image(path) as image:
            return image.width * image.height
    except Exception:  # whatever is wrong with it is said when it is read
        return 0


def read_photo(file: PhotoFile) -> ReadPhoto:
    """Decode one photo as it is shown; anything that goes wrong becomes its problem."""
    try:
        if not file.size:
            raise StepFailed("the file is empty" if file.path.exists() else "there is no such file any more")
        if is_unread_image(file.path):
            raise StepFailed(unread_reason(file.path))
        image = read_image(file.path)
        return ReadPhoto(file, image, notes=_unusual(file.path), sha256=file_sha256(file.path))
    except (StepFailed, OSError) as error:
        return ReadPhoto(file, None, str(error).replace(f"{file.path}: ", "", 1))
    except MemoryError:
        return ReadPhoto(file, None, "it does not fit into memory; scale it down")
    except Exception as error:  # decoders fail in many ways on broken files; one photo must not end the rest
        return ReadPhoto(file, None, f"it cannot be decoded ({type(error).__name__}: {error})")


def _unusual(path: Path) -> list[str]:
    """What a person should know about how a photo was read."""
    notes = []
    with open_image(path) as image:
        if getattr(image, "n_frames", 1) > 1 and image.format in ("GIF", "WEBP", "PNG", "TIFF", "AVIF"):
            notes.append("several frames: the first is labelled")
        if image.mode in ("CMYK", "YCCK", "LAB"):
            notes.append("print colours: labelled as RGB")
        if image.mode.startswith("I") or image.mode == "F":
            notes.append("16 bits: labelled as 8")
        if orientation_of(image, path) != 1:
            notes.append("turned upright by EXIF")
    origin = read_origin(path)
    if origin.is_generated:
        notes.append(f"marked as generated ({origin.source_type})")
    if origin.c2pa:
        notes.append("with a C2PA manifest" + ("" if origin.valid else ", which does not fit the picture"))
    return notes
