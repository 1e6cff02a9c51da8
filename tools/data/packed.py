"""Photos in one piece, with labels or without, as hubs give them out: a zip, or parquet files."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from tools.core.errors import FixArguments
from tools.core.settings import Settings
from tools.data.dataset import file_sha256
from tools.data.parquet import is_parquet, parquet_files, unpack_parquet
from tools.data.uploads import PHOTO_KINDS, Limits, unpack


def is_packed(path: Path) -> bool:
    """Whether a path is a zip file, a parquet file, or a folder of parquet files."""
    return _is_zip(path) or is_parquet(path)


def fingerprint(path: Path) -> str:
    """A digest that is another when what is packed is; of many large files by their names, sizes and times."""
    if path.is_file():
        return file_sha256(path)
    about = [(p.relative_to(path).as_posix(), p.stat().st_size, p.stat().st_mtime_ns) for p in parquet_files(path)]
    return hashlib.sha256(repr(about).encode()).hexdigest()


def unpacked(given: Sequence[Path], folder: Path, settings: Settings) -> list[Path]:
    """What was given, with what is packed replaced by the folder that it was unpacked to, once.

    Args:
        given: photos, folders and what is packed.
        folder: where it is unpacked.
        settings: the limits of an archive.

    Raises:
        FixArguments, StepFailed: see `unpack_labelled`.
    """
    places = []
    for path in given:
        target = folder / path.stem if is_packed(path) else path
        if target != path and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            unpack_labelled(path, target, settings)
        places.append(target)
    return places


def unpack_labelled(packed: Path, into: Path, settings: Settings) -> None:
    """Write what is packed into a new folder, without files of other kinds.

    Raises:
        FixArguments: it is damaged, holds too much, or what it should not; the message names it.
        StepFailed: the disk is full or read-only.
    """
    try:
        if _is_zip(packed):
            with packed.open("rb") as archive:
                unpack(archive, into, PHOTO_KINDS, Limits(settings), {})
        else:
            unpack_parquet(packed, into, Limits(settings))
    except FixArguments as error:
        said = str(error)
        raise FixArguments(said if said.startswith(str(packed)) else f"{packed}: {said}") from None
    except FileExistsError:  # another process was quicker
        if not into.is_dir():
            raise


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip" and path.is_file()
