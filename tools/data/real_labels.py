"""Find out how somebody's folder of photos is labelled, and read it: COCO, YOLO, Pascal VOC, CVAT or class folders.

Nothing in the folder is written, moved or deleted. What the labels mean for the task is left to `tools.data.real`.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tools.data.formats import coco, cvat, folders, voc, yolo
from tools.data.formats.labels import LabelledImage, LabelSet
from tools.data.photos import SORTING_FOLDERS
from tools.data.pictures import is_picture, read_size
from tools.errors import StepFailed

FORMATS = {"coco": "COCO JSON", "yolo": "YOLO text", "voc": "Pascal VOC XML", "cvat": "CVAT XML"}
_HOW = "Bring pictures with COCO, YOLO, Pascal VOC or CVAT labels beside them, or one folder a class to classify."
_NAME_LISTS = ("classes.txt", "obj.names", "labels.txt", "predefined_classes.txt")
_SHOWN = 3


@dataclass
class RealLabels:
    """What the folder says, in the labels' own class names."""

    format: str
    entries: list[tuple[Path, LabelledImage]] = field(default_factory=list)  # picture, labels; each picture once
    notes: list[str] = field(default_factory=list)
    upright: bool = False  # labels are for pictures as shown; else as stored, unless their sizes say otherwise
    broken: list[str] = field(default_factory=list)  # sentences about pictures that cannot be read


@dataclass
class _Tree:
    """The files of a folder by kind, in sorted order."""

    root: Path
    pictures: list[Path] = field(default_factory=list)
    others: dict[str, list[Path]] = field(default_factory=lambda: defaultdict(list))  # by suffix
    by_name: dict[str, list[Path]] = field(default_factory=lambda: defaultdict(list))  # pictures, name and stem

    def relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def find_picture(self, name: str, label_file: Path) -> Path | None:
        """The picture that a label file names: the longest common end of the path, then the nearest folder."""
        wanted = PurePosixPath(name.replace("\\", "/"))
        candidates = self.by_name.get(wanted.name.casefold()) or self.by_name.get(wanted.stem.casefold(), [])

        def fit(path: Path) -> tuple[int, int, str]:
            same = 0
            for a, b in zip(reversed(path.parts), reversed(wanted.parts), strict=False):
                if a.casefold() != b.casefold():
                    break
                same += 1
            shared = len([1 for a, b in zip(path.parts, label_file.parts, strict=False) if a == b])
            return -same, -shared, path.as_posix()

        return min(candidates, key=fit, default=None)


def read_labels(folder: Path, classify: bool) -> RealLabels:
    """Detect the format and read every label.

    Args:
        folder: of the photos.
        classify: whether class folders are labels enough.

    Raises:
        StepFailed: the folder is missing or empty, has no labels or those of several formats, or a label file is
            broken; the message names the file and the way out.
    """
    tree = _walk(folder)
    broken_files: list[str] = []
    found: dict[str, list[tuple[Path, LabelSet | LabelledImage]]] = defaultdict(list)
    for path in tree.others[".json"]:
        if data := _read_json(path, broken_files):
            with _naming(path):
                found["coco"].append((path, coco.from_coco(data)))
    for path in tree.others[".xml"]:
        _read_xml(path, found, broken_files)
    rows = _yolo_files(tree)
    kinds = [kind for kind in FORMATS if found.get(kind) or (kind == "yolo" and rows)]
    if len(kinds) > 1:
        examples = {kind: rows[0][1] if kind == "yolo" else found[kind][0][0] for kind in kinds}
        listed = " and ".join(f"{FORMATS[kind]} ({tree.relative(path)})" for kind, path in examples.items())
        raise StepFailed(f"{folder} holds labels in {len(kinds)} formats: {listed}. Leave only one of them there.")
    if not kinds:
        return _without_label_files(tree, classify, broken_files)
    if broken_files:
        raise StepFailed(f"A label file cannot be read. {broken_files[0]} Repair or remove it.")
    kind = kinds[0]
    return _read_yolo(tree, rows) if kind == "yolo" else _resolve(tree, kind, found[kind])


def _walk(folder: Path) -> _Tree:
    if not folder.exists():
        raise StepFailed(f"{folder}: there is no such folder. Give the folder of your labelled photos.")
    if not folder.is_dir():
        raise StepFailed(f"{folder} is a file, not a folder. Unpack it if it is an archive, and give the folder.")
    tree = _Tree(folder)
    try:
        next(folder.iterdir(), None)  # rglob passes over what it may not read
        files = sorted(p for p in folder.rglob("*") if p.is_file())
    except OSError as error:
        raise StepFailed(f"{folder} cannot be read ({error.strerror}). Check its permissions.") from error
    for path in files:
        parts = path.relative_to(folder).parts
        if any(part.startswith(".") or part == "__MACOSX" for part in parts):
            continue
        if is_picture(path):
            tree.pictures.append(path)
            tree.by_name[path.name.casefold()].append(path)
            tree.by_name[path.stem.casefold()].append(path)
        else:
            tree.others[path.suffix.lower()].append(path)
    if not tree.pictures:
        what = "is empty" if not files else "holds no picture"
        raise StepFailed(f"{folder} {what}. {_HOW}")
    return tree


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError("it is not text in UTF-8") from error
    except OSError as error:
        raise ValueError(f"it cannot be opened ({error.strerror})") from error


def _read_json(path: Path, broken: list[str]) -> dict[str, object] | None:
    """The JSON value of a COCO file, None for any other JSON."""
    try:
        data = json.loads(_read_text(path))
    except (ValueError, RecursionError) as error:
        broken.append(f"{path}: no readable JSON ({error}).")
        return None
    return data if coco.is_coco(data) else None


def _read_xml(path: Path, found: dict[str, list[tuple[Path, LabelSet | LabelledImage]]], broken: list[str]) -> None:
    """Add what an XML file says; files with another root are not labels."""
    try:
        text = path.read_bytes()
    except OSError as error:
        broken.append(f"{path}: it cannot be opened ({error.strerror}).")
        return
    head = text[:4000]
    if b"<annotation" in head:
        with _naming(path):
            if b"<annotations" in head:
                found["cvat"].append((path, cvat.from_xml(text)))
            else:
                found["voc"].append((path, voc.from_xml(text)))
    elif path.parent.name.casefold() == "annotations" or not text.strip():
        broken.append(f"{path}: no Pascal VOC or CVAT labels in it.")


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Give a converter's complaint the name of its file."""
    try:
        yield
    except ValueError as error:
        raise StepFailed(f"{path}: the labels cannot be read: {error}. Repair or remove the file.") from error


def _resolve(tree: _Tree, kind: str, files: Iterable[tuple[Path, LabelSet | LabelledImage]]) -> RealLabels:
    """Bring label files and pictures together."""
    labels = RealLabels(kind)
    owner: dict[Path, tuple[Path, int]] = {}
    missing: list[str] = []
    twice: list[str] = []
    for path, content in files:
        images = content.images if isinstance(content, LabelSet) else [content]
        if isinstance(content, LabelSet):
            labels.notes += [f"{tree.relative(path)}: {note}" for note in content.notes]
        for image in images:
            name = image.file or path.name
            picture = tree.find_picture(name, path)
            if picture is None and kind == "voc":  # renamed pictures keep the stem of their label file
                picture = tree.find_picture(path.name, path)
            if picture is None:
                missing.append(name)
            elif picture in owner:
                if owner[picture][0] == path:
                    labels.entries[owner[picture][1]][1].instances.extend(image.instances)
                else:
                    twice.append(tree.relative(picture))
            else:
                owner[picture] = (path, len(labels.entries))
                labels.entries.append((picture, image))
    _note(labels, missing, "labelled pictures are not in the folder and are left out")
    _note(labels, twice, "pictures are labelled in more than one file; the first file counts")
    unlisted = [tree.relative(p) for p in tree.pictures if p not in owner]
    _note(labels, unlisted, "pictures have no labels and are left out (they may or may not be empty)")
    if not labels.entries:
        example = f" (such as {missing[0]})" if missing else ""
        raise StepFailed(
            f"{tree.root}: none of the {len(missing)} labelled pictures is there{example}. "
            "Put the pictures into the same folder as their labels."
        )
    return labels


def _note(labels: RealLabels, names: list[str], what: str) -> None:
    if names:
        more = ", ..." if len(names) > _SHOWN else ""
        labels.notes.append(f"{len(names)} {what}: {', '.join(names[:_SHOWN])}{more}")


# YOLO -----------------------------------------------------------------------------------------------------------


def _yolo_files(tree: _Tree) -> list[tuple[Path | None, Path]]:
    """Pairs of picture and label file; the picture is None for label rows without one."""
    texts = {path for path in tree.others[".txt"] if path.name.casefold() not in _NAME_LISTS}
    pairs: list[tuple[Path | None, Path]] = []
    for picture in tree.pictures:
        for label in _label_places(picture, tree.root):
            if label in texts and _looks_like_rows(label):
                texts.discard(label)
                pairs.append((picture, label))
                break
    orphans = [p for p in sorted(texts) if "labels" in p.relative_to(tree.root).parts[:-1] and _looks_like_rows(p)]
    return pairs + [(None, path) for path in orphans]


def _label_places(picture: Path, root: Path) -> list[Path]:
    """Where the labels of a picture may lie: instead of the last `images` folder, beside it, in `labels` next to it."""
    places = []
    parts = list(picture.relative_to(root).parts)
    for index in range(len(parts) - 2, -1, -1):
        if parts[index] == "images":
            places.append(root.joinpath(*parts[:index], "labels", *parts[index + 1 :]))
            break
    if root.name == "images" and not places:
        places.append(root.parent.joinpath("labels", *parts))
    places += [picture, picture.parent / "labels" / picture.name, root / "labels" / picture.name]
    return [place.with_suffix(".txt") for place in places]


def _looks_like_rows(path: Path) -> bool:
    """Whether the first line is numbers, as no read-me is; an empty file is a picture without objects."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            first = next((line for line in file if line.strip()), "")
        return all(-1e9 < float(v) < 1e9 for v in first.split()[:4])
    except (OSError, ValueError):
        return False


def _read_yolo(tree: _Tree, rows: list[tuple[Path | None, Path]]) -> RealLabels:
    # The format's own trainer turns pictures by EXIF before it uses the labels.
    labels = RealLabels("yolo", upright=True)
    classes = _yolo_names(tree)
    if classes is None:
        labels.notes.append("no data.yaml and no classes.txt: the class numbers are taken as names")
    by_picture = {picture: label for picture, label in rows if picture is not None}
    for picture in tree.pictures:
        try:
            width, height = read_size(picture)
        except StepFailed as error:
            labels.broken.append(str(error))
            continue
        image = LabelledImage(tree.relative(picture), width, height)
        if label := by_picture.get(picture):
            with _naming(label):
                image.instances.extend(yolo.parse_rows(_read_text(label), width, height, classes))
        labels.entries.append((picture, image))
    unlabelled = [tree.relative(p) for p in tree.pictures if p not in by_picture]
    _note(labels, unlabelled, "pictures have no label file and count as empty, as in YOLO training")
    _note(labels, [tree.relative(p) for pic, p in rows if pic is None], "label files have no picture and are left out")
    return labels


def _yolo_names(tree: _Tree) -> list[str] | None:
    files = sorted(tree.others[".yaml"] + tree.others[".yml"], key=lambda p: (p.stem not in ("data", "dataset"), p))
    for path in files:
        try:
            return yolo.parse_names(_read_text(path))
        except ValueError as error:
            if path.stem in ("data", "dataset"):
                raise StepFailed(f"{path}: {error}. It should list the class names under 'names'.") from error
    for path in tree.others[".txt"] + tree.others[".names"]:
        if path.name.casefold() in _NAME_LISTS:
            with _naming(path):
                names = [line.strip() for line in _read_text(path).splitlines()]
            return [name for name in names if name]
    return None


# Class folders ----------------------------------------------------------------------------------------------------


def _without_label_files(tree: _Tree, classify: bool, broken: list[str]) -> RealLabels:
    if broken:
        raise StepFailed(f"No label can be read in {tree.root}. {broken[0]} Repair it, or bring other labels.")
    names: dict[str, str] = {}
    for path in tree.others[".json"]:
        if path.name == folders.NAMES_FILE:
            with _naming(path):
                names = folders.parse_names(_read_text(path))
    labels = RealLabels("class folders", upright=True)
    loose = []
    for picture in tree.pictures:
        inside = [p for p in picture.relative_to(tree.root).parts[:-1] if p.casefold() not in SORTING_FOLDERS]
        if inside:
            image = LabelledImage(tree.relative(picture), 0, 0, label=names.get(inside[-1], inside[-1]))
            labels.entries.append((picture, image))
        else:
            loose.append(tree.relative(picture))
    if not labels.entries:
        raise StepFailed(f"{tree.root} holds {len(tree.pictures)} pictures but no labels. {_HOW}")
    if not classify:
        folder = labels.entries[0][1].label
        raise StepFailed(
            f"{tree.root} holds {len(tree.pictures)} pictures but no boxes or masks. Folders such as '{folder}' tell "
            "what a picture shows, not where: label boxes (COCO, YOLO, Pascal VOC or CVAT), or ask for a classifier."
        )
    _note(labels, loose, "pictures lie in no class folder and are left out")
    return labels
