"""Sets of the person's own photos: brought with labels, or brought bare and labelled here.

A set is a folder. One that is labelled here is a data set like a run's, with its finished labels beside it as COCO.
"""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import IO, Literal

from pydantic import BaseModel, Field

from tools.core.errors import FixArguments
from tools.core.settings import Settings
from tools.core.task import MAX_NAME_CHARS, clean_name, slug
from tools.data.dataset import Dataset, file_sha256
from tools.data.formats import coco
from tools.data.formats.labels import LabelledImage
from tools.data.images import IMAGE_SUFFIXES, is_image, read_size, walk_files
from tools.data.packed import fingerprint, is_packed, unpack_labelled
from tools.data.photos import stored_name
from tools.data.sample import Sample
from tools.data.uploads import (
    LABEL_SUFFIXES,
    OF_A_VIDEO,
    RefusedFiles,
    building,
    new_folder,
    save_labelled,
    save_photos,
    told_of,
)
from tools.data.videos import is_video, take_apart
from tools.runs.runtime import write_json

ABOUT = ".photos.json"
_MAX_CLASSES = 100
_LABELS = "annotations/instances.json"  # where readers of COCO look


Use = Literal["measure", "learn"]


class PhotoSet(BaseModel):
    """What a set says of itself."""

    name: str
    about: str = ""
    classes: list[str] = Field(default_factory=list)
    bare: bool = Field(False, description="brought without labels: labelled here")
    use: Use = Field("measure", description="what labelled photos are for; never both")
    left_out: RefusedFiles = Field(default_factory=dict, description="file of the upload that was not taken -> why")


def photos_folder(runs_dir: Path) -> Path:
    """Where the sets lie: beside the runs, which use them in place."""
    return runs_dir / ".photos"


def labelled_folder(given: Path, settings: Settings) -> Path:
    """A folder of labelled photos as it is; a zip or parquet files, as hubs give them out, unpacked beside the runs.

    Raises:
        FixArguments: the archive is damaged, or holds what it should not; the message names the entry.
        StepFailed: the disk is full or read-only.
    """
    if not is_packed(given):
        return given
    target = photos_folder(settings.runs_dir) / f"{slug(given.stem) or 'photos'}-{fingerprint(given)[:12]}"
    if not target.exists():
        unpack_labelled(given, target, settings)
    return target


def photos_of(given: Path, settings: Settings) -> Path:
    """A folder of photos as it is, unpacked where it is packed; with frames in the place of videos where it has such.

    Photos beside the videos are linked to. Where there are labels, videos have none, and the folder is left as it is.

    Args:
        given: a folder, a video, a zip or parquet files.
        settings: where runs lie, and the limits of an archive.

    Raises:
        FixArguments: see `labelled_folder`; or it is a video, or holds nothing but videos, and none can be read.
        StepFailed: the disk is full or read-only.
    """
    files = _seen_in(given)
    labelled = any(is_image(p) for p in files) and any(p.suffix.lower() in LABEL_SUFFIXES for p in files)
    if labelled or not any(is_video(p) for p in files):
        return labelled_folder(given, settings)
    files = [p for p in files if p.suffix.lower() not in LABEL_SUFFIXES]
    about = [(str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in files]
    digest = sha256(repr(about).encode()).hexdigest()[:12]
    target = photos_folder(settings.runs_dir) / f"{slug(given.resolve().stem) or 'photos'}-{digest}"
    if target.exists():
        return target
    with building(target) as folder:
        root = given if given.is_dir() else given.parent
        for path in files:
            link = folder / path.relative_to(root)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path.resolve())
        unread = take_apart(folder, OF_A_VIDEO)
        if not any(is_image(p) for p in _seen_in(folder)):
            raise FixArguments(f"{given}: no video of it can be read. {told_of(unread)}")
    return target


def _seen_in(given: Path) -> list[Path]:
    """The photos, videos and labels of a folder, or the one file."""
    if not given.is_dir():
        return [given] if given.is_file() else []
    try:
        found = list(walk_files(given))
    except OSError:  # said when its photos are read
        return []
    return [p for p in found if is_image(p) or is_video(p) or p.suffix.lower() in LABEL_SUFFIXES]


def assets_folder(runs_dir: Path) -> Path:
    """Where uploaded 3D models lie."""
    return runs_dir / ".assets"


def list_sets(runs_dir: Path) -> list[tuple[Path, PhotoSet]]:
    """The sets that can be read, by name."""
    found = []
    for path in sorted(photos_folder(runs_dir).glob(f"*/{ABOUT}")):
        try:
            found.append((path.parent, PhotoSet.model_validate_json(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError):
            continue
    return found


def list_assets(runs_dir: Path) -> list[Path]:
    """Folders of uploaded models, by name."""
    return sorted(p for p in assets_folder(runs_dir).glob("*") if p.is_dir() and not p.name.startswith("."))


def sets_for(runs_dir: Path, use: Use) -> list[str]:
    """Names of the sets with labels that may be used so; what was labelled here may be either."""
    found = list_sets(runs_dir)
    return [p.name for p, about in found if (_is_labelled(p) if about.bare else about.use == use)]


def _is_labelled(folder: Path) -> bool:
    return (folder / _LABELS).is_file()


def bring_labelled(
    archive: IO[bytes], runs_dir: Path, name: str, classify: bool, settings: Settings, use: Use = "measure"
) -> PhotoSet:
    """Take in a zip of labelled photos; see `tools.data.uploads.save_labelled`."""
    left_out: RefusedFiles = {}
    folder, said = save_labelled(archive, photos_folder(runs_dir), name, classify, settings, left_out=left_out)
    about = PhotoSet(name=folder.name, about=said, use=use, left_out=left_out)
    write_json(folder / ABOUT, about.model_dump())
    return about


def bring_bare(
    files: Sequence[tuple[str, IO[bytes]]], runs_dir: Path, name: str, classes: str, settings: Settings
) -> PhotoSet:
    """Take in photos without labels, to be labelled here.

    Args:
        files: names and contents; zips are unpacked.
        runs_dir: beside whose runs the set is put.
        name: of the set.
        classes: what will be labelled, names with commas between.
        settings: limits.

    Raises:
        FixArguments: no class is named, or no file can be taken.
        StepFailed: the disk is full or read-only.
    """
    try:
        names = list(dict.fromkeys(clean_name(c) for c in classes.replace("，", ",").split(",") if c.strip()))
    except ValueError as error:
        raise FixArguments(str(error)) from None
    if not names or len(names) > _MAX_CLASSES:
        raise FixArguments(
            f"name 1 to {_MAX_CLASSES} things to label, with commas between; {MAX_NAME_CHARS} letters each"
        )
    folder = new_folder(photos_folder(runs_dir), name)
    left_out: RefusedFiles = {}
    count = save_photos(files, folder, settings, left_out)
    about = PhotoSet(name=folder.name, about=f"{count} pictures", classes=names, bare=True, left_out=left_out)
    dataset = Dataset(folder)
    try:
        for image in sorted(p for p in folder.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES):
            _add(dataset, image)
    finally:
        dataset.close()
    write_json(folder / ABOUT, about.model_dump())  # last: a set that was not finished is not listed
    return about


def write_labels(folder: Path) -> int:
    """Write the labels of the images looked at as COCO, where `--real` finds them; returns how many images.

    Raises:
        FixArguments: no image was accepted yet.
    """
    about = PhotoSet.model_validate_json((folder / ABOUT).read_text(encoding="utf-8"))
    dataset = Dataset(folder)
    try:
        seen = dataset.corrected()
        done = [s for s in dataset.samples(verdict="kept") if s.id in seen]
    finally:
        dataset.close()
    if not any(s.instances for s in done):
        raise FixArguments("label and accept at least one picture first")
    classes = list(dict.fromkeys([*about.classes, *(i.class_name for s in done for i in s.instances)]))
    images = [LabelledImage(s.image, s.width, s.height, s.instances) for s in done]
    write_json(folder / _LABELS, coco.to_coco(images, classes))
    return len(done)


def _add(dataset: Dataset, image: Path) -> None:
    width, height = read_size(image)
    digest = file_sha256(image)
    sample = Sample(
        id=digest[:16], image=f"images/{stored_name(image.name, dataset.count(), digest)}", width=width, height=height,
        sha256=digest, family=image.name, engine="real", provenance={"file": image.name},
    )  # fmt: skip
    dataset.add_sample(sample, image)
