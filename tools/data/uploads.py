"""Take in what a person uploads: archives, photos, model files. Nothing in them is run, unpickled or followed.

Everything is written to a hidden folder first and renamed into place when it is whole and accepted.
"""

import errno
import io
import os
import re
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from tools.core.errors import FixArguments, StepFailed
from tools.core.files import sync_folder
from tools.core.settings import Settings
from tools.core.task import slug
from tools.data.images import IMAGE_SUFFIXES, check_image
from tools.data.mesh_files import COMPANIONS, MODEL_SUFFIXES, model_problem
from tools.data.videos import VIDEO_SUFFIXES, take_apart

LABEL_SUFFIXES = frozenset({".json", ".xml", ".txt", ".yaml", ".yml"})
_BESIDE = frozenset({".jsonl", ".csv", ".md"})  # labels and class names of a Hugging Face data set
PHOTO_KINDS = IMAGE_SUFFIXES | LABEL_SUFFIXES | _BESIDE
ASSET_KINDS = frozenset(MODEL_SUFFIXES) | (frozenset(COMPANIONS) - {".blend1"})
OF_A_VIDEO = 12  # frames that are taken: as many as a person looks through
_IGNORED = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
_CHUNK = 1 << 20
_MAX_DEPTH = 12
_MAX_NAME = 180
_SHOWN = 3
_NAME_SHOWN = 80  # characters of a stranger's file name
_ENCRYPTED = 0x1
_MIN_RATIO_BYTES = 1 << 20  # under a megabyte nothing is a bomb, however well it was packed

RefusedFiles = dict[str, str]  # name of what was left out of an upload -> why


class Limits:
    """How much one upload may hold."""

    def __init__(self, settings: Settings) -> None:
        self.upload_bytes = settings.ui.upload_mb * 10**6
        self.unpacked_mb = settings.ui.unpacked_mb
        self.unpacked_bytes = self.unpacked_mb * 10**6
        self.files = settings.ui.unpacked_files
        self.ratio = settings.ui.unpacked_ratio


def unpack(
    archive: IO[bytes], into: Path, kinds: frozenset[str] | set[str], limits: Limits,
    left_out: RefusedFiles | None = None, *, under: str = "",
) -> int:  # fmt: skip
    """Unpack a zip into a new folder; returns the number of files.

    Args:
        archive: as uploaded.
        into: a folder that does not exist yet; made only when all of the archive is accepted.
        kinds: suffixes that are accepted.
        limits: of size and number.
        left_out: given, files of other kinds are left out and named in it; what is hostile is refused in any case.
        under: only what lies in this folder of the archive.

    Raises:
        FixArguments: not a zip, or something in it is refused; the message names the entry and why.
        StepFailed: the disk is full or read-only.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            entries = checked_entries(packed, kinds, limits, left_out)
            entries = [(info, path) for info, path in entries if path.is_relative_to(under)]
            return _written(packed, entries, into, limits)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, UnicodeError) as error:
        raise FixArguments(
            f"the file is not a zip archive that can be read ({error}). Pack it again as .zip."
        ) from None


def checked_entries(
    packed: zipfile.ZipFile,
    kinds: frozenset[str] | set[str] | None,
    limits: Limits,
    left_out: RefusedFiles | None = None,
) -> list[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """Entries of a zip with their places below a folder; refused before a byte is read.

    Args:
        packed: the archive.
        kinds: suffixes that are accepted; None: all.
        limits: of size and number.
        left_out: see `unpack`.

    Raises:
        FixArguments: too many or too much, or an entry is refused; the message names it and why.
    """
    infos = packed.infolist()
    if len(infos) > limits.files:
        raise FixArguments(f"the archive holds {len(infos)} files; at most {limits.files} are taken.")
    entries, taken = [], set()
    for info in infos:
        if info.is_dir() or any(part in info.filename for part in _IGNORED):
            continue
        path = _safe_path(info)
        if kinds is not None and path.suffix.lower() not in kinds:
            why = f"is a {path.suffix or 'nameless kind of'} file; {_kinds(kinds)}"
            if left_out is None:
                raise FixArguments(f"{_named(info)} {why}")
            left_out[info.filename[:_NAME_SHOWN]] = why
            continue
        if str(path).casefold() in taken:
            raise FixArguments(f"{_named(info)} is in the archive twice.")
        taken.add(str(path).casefold())
        if info.file_size > _MIN_RATIO_BYTES and info.file_size > limits.ratio * max(1, info.compress_size):
            raise FixArguments(
                f"{_named(info)} unpacks to {info.file_size // 10**6} MB out of nearly nothing: refused."
            )
        entries.append((info, path))
    total = sum(info.file_size for info, _ in entries)
    if total > limits.unpacked_bytes:
        raise FixArguments(f"the archive unpacks to {total // 10**6} MB; at most {limits.unpacked_bytes // 10**6} MB.")
    if not entries and not left_out:
        raise FixArguments("the archive holds no files.")
    return entries


def _safe_path(info: zipfile.ZipInfo) -> PurePosixPath:
    """The place of an entry below the folder.

    Raises:
        FixArguments: it would lie elsewhere, is a link or device, is locked, or its name is not usable.
    """
    name = info.filename.replace("\\", "/")
    path = PurePosixPath(name)
    mode = info.external_attr >> 16
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name):
        raise FixArguments(f"{_named(info)} would be written outside its folder: refused.")
    if mode and not (stat.S_ISREG(mode) or stat.S_IFMT(mode) == 0):
        raise FixArguments(f"{_named(info)} is a link or a device, not a file: refused.")
    if info.flag_bits & _ENCRYPTED:
        raise FixArguments(f"{_named(info)} is locked with a password. Pack it again without one.")
    if len(path.parts) > _MAX_DEPTH or any(len(p.encode()) > _MAX_NAME for p in path.parts) or not name.isprintable():
        raise FixArguments(f"{_named(info)} has a name that cannot be used.")
    return path


def _written(
    packed: zipfile.ZipFile, entries: Sequence[tuple[zipfile.ZipInfo, PurePosixPath]], into: Path, limits: Limits
) -> int:
    left = limits.unpacked_bytes  # counted as it comes: what an archive says of itself may be a lie
    with building(into) as folder:
        for info, path in entries:
            target = folder.joinpath(*path.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            with packed.open(info) as source:
                left = _copy(source, target, left, f"the archive unpacks to more than {limits.unpacked_mb} MB.")
    return len(entries)


def _copy(source: IO[bytes], target: Path, left: int, refusal: str) -> int:
    """Write a new file of at most `left` bytes. Returns how many are left then."""
    with target.open("xb") as out:
        while chunk := source.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise FixArguments(refusal)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())  # who sent it is told that it is kept
    return left


# Photos and models ----------------------------------------------------------------------------------------------------


def new_folder(parent: Path, name: str) -> Path:
    """A place for a new upload that nothing has yet."""
    stem = slug(name) or "upload"
    return next(p for n in range(1, 10_000) if not (p := parent / (stem if n == 1 else f"{stem}-{n}")).exists())


def leave_out_broken_images(folder: Path, left_out: RefusedFiles) -> int:
    """Decode every image of an upload, for one that is cut off shows it at its end alone; take out the broken.

    Args:
        folder: our own copy of what was uploaded.
        left_out: the broken ones are named in it.

    Returns:
        How many are whole.

    Raises:
        FixArguments: none is; the message says what was left out and why.
    """
    whole = 0
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file()):
        try:
            check_image(path)
            whole += 1
        except StepFailed as error:
            name = path.relative_to(folder).as_posix()
            left_out[name[:_NAME_SHOWN]] = str(error).replace(f"{path}: ", "").replace(f"{folder}/", "")
            path.unlink()
    if not whole:
        raise FixArguments(f"there is no picture in the upload that can be taken. {told_of(left_out)}".strip())
    return whole


def told_of(left_out: RefusedFiles) -> str:
    """What was left out and why, the first few by name; empty where nothing was."""
    shown = [f"{name}: {why}" for name, why in list(left_out.items())[:_SHOWN]]
    more = f" And {len(left_out) - _SHOWN} more." if len(left_out) > _SHOWN else ""
    return " ".join(shown) + more


def save_labelled(
    archive: IO[bytes], parent: Path, name: str, classify: bool, settings: Settings, *, left_out: RefusedFiles,
) -> tuple[Path, str]:  # fmt: skip
    """Take in a zip of labelled photos, of which at least one has a label.

    What cannot be used in it is left out and named in `left_out`.

    Returns:
        The new folder, and a sentence about what is in it.

    Raises:
        FixArguments: see `unpack`; or no photo can be used, or too few are labelled.
        StepFailed: the disk is full or read-only.
    """
    from tools.data.real_labels import FORMATS, read_labels

    target = new_folder(parent, name)

    def check(folder: Path) -> str:
        leave_out_broken_images(folder, left_out)
        try:
            labels = read_labels(folder, classify)
        except StepFailed as error:
            raise FixArguments(str(error).replace(str(folder), "the archive")) from None
        labelled = sum(bool(image.instances or image.label) for _, image in labels.entries)
        if not labelled:
            raise FixArguments("none of the photos is labelled.")
        objects = sum(len(image.instances) + (image.label is not None) for _, image in labels.entries)
        said = f"{len(labels.entries)} pictures, {objects} labels, {FORMATS.get(labels.format, labels.format)}"
        return "; ".join([said, *(note.replace(f"{folder}/", "") for note in labels.notes)])

    def fill(hidden: Path) -> int:
        return unpack(archive, hidden, PHOTO_KINDS, Limits(settings), left_out)

    return target, _taken_in(fill, target, check)


def save_assets(
    files: Sequence[tuple[str, IO[bytes]]], parent: Path, name: str, settings: Settings
) -> tuple[Path, str]:
    """Take in 3D models: .glb, .gltf, .obj, .blend with what lies beside them, or a zip of those.

    Raises:
        FixArguments: a file is of another kind, or is not the model it says it is.
        StepFailed: the disk is full or read-only.
    """
    target = new_folder(parent, name)

    def check(folder: Path) -> str:
        models = sorted(p for p in folder.rglob("*") if p.suffix.lower() in MODEL_SUFFIXES)
        if not models:
            raise FixArguments(f"there is no model in the upload; {_kinds(frozenset(MODEL_SUFFIXES))}")
        for model in models:
            if problem := model_problem(model):
                raise FixArguments(f"{model.name} is not a model: {problem}")
        return ", ".join(m.stem for m in models)

    return target, _taken_in(lambda hidden: lay_down(files, hidden, ASSET_KINDS, Limits(settings)), target, check)


def save_photos(
    files: Sequence[tuple[str, IO[bytes]]], folder: Path, settings: Settings, left_out: RefusedFiles
) -> int:  # fmt: skip
    """Take in photos without labels, videos, or zips of them, into a new folder; returns how many photos there are.

    Of a video a few frames are taken. Files of other kinds, what is broken and refused archives are left out and named
    in `left_out`.

    Raises:
        FixArguments: nothing is left.
        StepFailed: the disk is full or read-only.
    """

    def check(hidden: Path) -> str:
        left_out.update({name[:_NAME_SHOWN]: why for name, why in take_apart(hidden, OF_A_VIDEO).items()})
        return str(leave_out_broken_images(hidden, left_out))

    def fill(hidden: Path) -> int:
        return lay_down(files, hidden, IMAGE_SUFFIXES | VIDEO_SUFFIXES, Limits(settings), left_out)

    return int(_taken_in(fill, folder, check))


def lay_down(
    files: Sequence[tuple[str, IO[bytes]]], into: Path, kinds: frozenset[str], limits: Limits,
    left_out: RefusedFiles | None = None,
) -> int:  # fmt: skip
    """Files side by side, zips unpacked in folders of their own.

    Args:
        files: names and contents.
        into: a folder that does not exist yet.
        kinds: suffixes that are accepted.
        limits: of size and number.
        left_out: given, a file or archive that is refused is left out and named in it, and the others are taken.
    """
    left = limits.unpacked_bytes
    with building(into) as folder:
        for number, (name, content) in enumerate(files):
            plain = PurePosixPath(name.replace("\\", "/")).name
            suffix = PurePosixPath(plain).suffix.lower()
            target = folder / plain
            try:
                if suffix == ".zip":
                    unpack(content, folder / f"{number:03d}", kinds, limits, left_out)
                    continue
                if suffix not in kinds or not plain.isprintable() or plain.startswith("."):
                    raise FixArguments(
                        f"{plain[:_NAME_SHOWN]!r} is a {suffix or 'nameless kind of'} file; {_kinds(kinds)}"
                    )
                if target.exists():
                    target = folder / f"{target.stem}-{number}{suffix}"
            except FixArguments as error:
                if left_out is None:
                    raise
                left_out[plain[:_NAME_SHOWN]] = str(error)
                continue
            left = _copy(content, target, left, f"more than {limits.unpacked_mb} MB in one upload.")
    return len(files)


def _taken_in(fill: Callable[[Path], Any], target: Path, check: Callable[[Path], str]) -> str:
    """Fill a hidden folder, check it, and only then give it its name."""
    hidden = target.with_name(f".{target.name}.{os.getpid()}.new")
    shutil.rmtree(hidden, ignore_errors=True)  # ours alone: what a kill left
    try:
        fill(hidden)
        said = check(hidden)
        hidden.replace(target)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return said


@contextmanager
def building(target: Path) -> Iterator[Path]:
    """A folder that gets its name when all went well, and is gone when not.

    Raises:
        StepFailed: the disk is full or read-only.
    """
    hidden = target.with_name(f".{target.name}.{os.getpid()}.part")
    shutil.rmtree(hidden, ignore_errors=True)
    try:
        hidden.mkdir(parents=True)
        yield hidden
        hidden.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StepFailed(
                "the disk is full: nothing of the upload was kept. Free some space and upload again."
            ) from error
        raise StepFailed(f"{target} cannot be written ({error.strerror or error}).") from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def read_upload(content: bytes) -> IO[bytes]:
    """Bytes as a file."""
    return io.BytesIO(content)


def _named(info: zipfile.ZipInfo) -> str:
    """An entry's name, short and printable."""
    return repr(info.filename[:_NAME_SHOWN])


def _kinds(kinds: frozenset[str] | set[str]) -> str:
    return f"accepted are {', '.join(sorted(kinds))}."
