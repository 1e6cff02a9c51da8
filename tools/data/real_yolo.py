"""YOLO's text files in somebody's folder: which one is of which image, and which list names its classes."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools.core.errors import StepFailed
from tools.data.formats import yolo
from tools.data.formats.labels import LabelledImage
from tools.data.formats.text import decode
from tools.data.images import read_size
from tools.data.label_tree import IMAGE_FOLDERS, LABEL_FOLDERS, WAYS, Tree, above
from tools.data.left_out import LeftOut

_NAME_LISTS = ("classes.txt", "obj.names", "labels.txt", "predefined_classes.txt")
_MAIN = ("data", "dataset")  # what a data set's YAML is called
_LABELS = "labels"
_LEVELS = 4  # places where an image's labels may lie
_ANY_SIDE = 1000  # of an image, where only the form of rows is looked at
_Key = tuple[str, ...]


@dataclass
class YoloFiles:
    """Label files by image."""

    pairs: dict[Path, Path] = field(default_factory=dict)
    unclear: list[Path] = field(default_factory=list)  # images that share a label file, or have several
    orphans: list[Path] = field(default_factory=list)  # label files without an image
    texts: dict[Path, str | ValueError] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """All rows of all label files."""
        for path in [*self.pairs.values(), *self.orphans]:
            text = self.texts[path]
            if isinstance(text, str):
                yield from (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))

    @property
    def has_rows(self) -> bool:
        """Whether any line is meant as a label."""
        return any(yolo.looks_like_row(line) for line in self.lines())


@dataclass
class YoloLabels:
    """What YOLO's files say."""

    entries: list[tuple[Path, LabelledImage]] = field(default_factory=list)
    left_out: LeftOut = field(default_factory=LeftOut)
    broken: list[str] = field(default_factory=list)  # sentences about images that cannot be read
    notes: list[tuple[list[Path], str]] = field(default_factory=list)
    nameless: bool = False  # no list of classes was found


def read_text(path: Path) -> str:
    """The text of a label file.

    Raises:
        ValueError: it is not text, or cannot be opened.
    """
    try:
        return decode(path.read_bytes())
    except OSError as error:
        raise ValueError(f"it cannot be opened ({error.strerror})") from error


def yolo_files(tree: Tree) -> YoloFiles:
    """Pair label files and images by name and place: exactly first, then by Unicode form, capitals, URL encoding."""
    files = YoloFiles()
    for path in tree.others[".txt"]:
        if path.name.casefold() not in _NAME_LISTS:
            try:
                files.texts[path] = read_text(path)
            except ValueError as error:
                files.texts[path] = error
    for same, _ in WAYS:
        index: dict[_Key, list[Path]] = defaultdict(list)
        for path in files.texts.keys() - set(files.pairs.values()):
            index[_key(path, tree.top, same)].append(path)
        for level in range(_LEVELS):
            _pair(tree, files, index, level, same)
    used = set(files.pairs.values())
    loose = sorted(p for p in files.texts.keys() - used if p.is_relative_to(tree.root) or not used)
    files.orphans = [p for p in loose if _is_orphan(p, tree, files.texts[p])]
    return files


def _is_orphan(path: Path, tree: Tree, text: str | ValueError) -> bool:
    """Whether a text without an image is a label file: by its folder and a row, or by nothing but right rows."""
    if isinstance(text, ValueError) or not any(map(yolo.looks_like_row, text.splitlines())):
        return False
    if _in_labels(path, tree):
        return True
    try:
        return bool(yolo.parse_rows(text, _ANY_SIDE, _ANY_SIDE, None))
    except ValueError:
        return False


def _pair(tree: Tree, files: YoloFiles, index: dict[_Key, list[Path]], level: int, same: Callable[[str], str]) -> None:
    """One way of writing names and one place where labels may lie; what two images claim is unclear."""
    claims: dict[Path, list[Path]] = defaultdict(list)
    used, unclear = set(files.pairs.values()), set(files.unclear)
    for image in tree.images:
        if image not in files.pairs and image not in unclear:
            key = _place(image, tree, level, same)
            hits = [] if key is None else [p for p in index.get(key, []) if p not in used]
            if len(hits) == 1:
                claims[hits[0]].append(image)
            elif hits:
                files.unclear.append(image)
    for label, images in claims.items():
        if len(images) == 1:
            files.pairs[images[0]] = label
        else:
            files.unclear += images


def _place(image: Path, tree: Tree, level: int, same: Callable[[str], str]) -> _Key | None:
    """Where the labels of an image may lie: in place of its last images folder, beside it, in `labels` near it."""
    parts = [same(p) for p in image.relative_to(tree.top).parts[:-1]]
    name = same(image.stem)
    if level == 0:
        places = [i for i, part in enumerate(parts) if part.casefold() in IMAGE_FOLDERS]
        return None if not places else (*parts[: places[-1]], _LABELS, *parts[places[-1] + 1 :], name)
    if level == 1:
        return (*parts, name)
    return (*parts, _LABELS, name) if level == 2 else (_LABELS, name)


def _key(label: Path, top: Path, same: Callable[[str], str]) -> _Key:
    parts = [same(p) for p in label.relative_to(top).parts[:-1]]
    return (*(_LABELS if p.casefold() in LABEL_FOLDERS else p for p in parts), same(label.stem))


def _in_labels(path: Path, tree: Tree) -> bool:
    return any(p.casefold() in LABEL_FOLDERS for p in path.relative_to(tree.top).parts[:-1])


def is_yolo(tree: Tree, files: YoloFiles, others: bool) -> bool:
    """Whether a folder is labelled so: rows are, whatever else is there; files without rows only if nothing else is."""
    if files.has_rows:
        return True
    if others or not files.pairs:
        return False
    said = any(p.stem in _MAIN for p in tree.others[".yaml"] + tree.others[".yml"])
    return said or any(_in_labels(p, tree) for p in files.pairs.values()) or not any(True for _ in files.lines())


def read_yolo(tree: Tree, files: YoloFiles) -> YoloLabels:
    """Read every label. An image without a label file is empty, as in YOLO training, unless files are left over.

    Raises:
        StepFailed: nothing belongs together, or the rows are of a kind that is not read; names the way out.
    """
    found = YoloLabels()
    if not files.pairs and files.orphans:
        raise StepFailed(
            f"{tree.root}: none of its {len(files.orphans)} label files is of a picture there: the labels of "
            f"{tree.relative(tree.images[0])} would be in {tree.images[0].stem}.txt, and there is "
            f"{tree.relative(files.orphans[0])}. Give pictures and labels the same names."
        )
    names = _Names(tree)
    scored = all(map(yolo.looks_scored, files.lines()))
    if not scored and not names.key_points(next(iter(files.pairs.values()), tree.root / "x")):
        _refuse_poses(tree, files)
    left = [p for p in tree.images if p not in files.pairs and p not in files.unclear]
    for path in tree.images:
        if path in files.unclear or (path in left and files.orphans):
            continue
        try:
            width, height = read_size(path)
        except StepFailed as error:
            found.broken.append(str(error))
            continue
        image = LabelledImage(tree.relative(path), width, height)
        if label := files.pairs.get(path):
            _read_file(tree, label, files.texts[label], image, names, scored)
        found.entries.append((path, image))
    found.nameless = names.nameless
    if left and files.orphans:
        found.notes.append((left, "pictures and as many label files as are named below have no partner of the same "
                                  "name; these pictures are left out, as they may not be empty"))  # fmt: skip
        found.left_out.labels += len(files.orphans)
        found.left_out.reasons += [f"{tree.relative(p)}: there is no picture of this name" for p in files.orphans]
    else:
        found.notes.append((left, "pictures have no label file and count as empty, as in YOLO training"))
        found.notes.append((files.orphans, "label files have no picture and are left out"))
    found.notes.append((files.unclear, "pictures share a label file, or have several, and are left out"))
    return found


def _read_file(
    tree: Tree, label: Path, text: str | ValueError, image: LabelledImage, names: "_Names", scored: bool
) -> None:
    where = tree.relative(label)
    if isinstance(text, ValueError):
        image.bad.append(f"{where}: {text}")
        return
    bad: list[str] = []
    asides: Counter[str] = Counter()
    rows = yolo.parse_rows(
        text, image.width, image.height, names.of(label) if text.strip() else None,
        key_points=names.key_points(label), scored=scored, bad=bad, asides=asides,
    )  # fmt: skip
    image.instances.extend(rows)
    image.bad.extend(f"{where}: {reason}" for reason in bad)
    image.asides.update(asides)


def _refuse_poses(tree: Tree, files: YoloFiles) -> None:
    longer = [line for line in files.lines() if len(line.split()) > 5]
    if longer and all(map(yolo.looks_like_pose, longer)):
        raise StepFailed(
            f"{tree.root}: the rows of {tree.relative(next(iter(files.pairs.values())))} look like boxes with key "
            "points (YOLO pose), not like outlines. Say so with kpt_shape in data.yaml, and the boxes are used."
        )


# Names of classes -----------------------------------------------------------------------------------------------------


class _Names:
    """The list of classes of each label file: the nearest one above it, else above its image's folder."""

    def __init__(self, tree: Tree) -> None:
        self.tree, self.nameless = tree, False
        self._lists: dict[Path, list[str]] = {}
        self._points: dict[Path, int] = {}
        outside = [p for place in above(tree.root) for p in _files_in(place)]
        names = [p for kind in (".yaml", ".yml", ".txt", ".names") for p in tree.others[kind]]
        by_folder: dict[Path, list[Path]] = defaultdict(list)
        for path in dict.fromkeys([*names, *outside]):
            by_folder[path.parent].append(path)
        for folder, paths in by_folder.items():
            if (listed := self._listed(paths)) is not None:
                self._lists[folder] = listed

    def of(self, label: Path) -> list[str] | None:
        """The classes of a label file; None where nothing lists them.

        Raises:
            StepFailed: several lists differ, and none is nearer than the others.
        """
        for folder in label.parents:
            if folder in self._lists:
                return self._lists[folder]
        different = {tuple(listed) for listed in self._lists.values()}
        if len(different) > 1:
            places = " and ".join(self.tree.relative(p) for p in sorted(self._lists)[:2])
            raise StepFailed(
                f"{self.tree.root}: the lists of classes in {places} differ, and none is nearer to "
                f"{self.tree.relative(label)}. Leave only the right one there."
            )
        self.nameless |= not different
        return list(different.pop()) if different else None

    def key_points(self, label: Path) -> int:
        """Numbers that follow a box in the rows of a label file of poses; 0 for boxes and outlines."""
        near = [self._points[f] for f in label.parents if f in self._points]
        return near[0] if near else max(self._points.values(), default=0)

    def _listed(self, paths: list[Path]) -> list[str] | None:
        """What the files of one folder list.

        Raises:
            StepFailed: the data set's own YAML is broken, or two of them differ.
        """
        main: dict[Path, list[str]] = {}
        other: dict[Path, list[str]] = {}
        for path in sorted(paths):
            is_main = path.suffix.lower() in (".yaml", ".yml") and path.stem in _MAIN
            try:
                if path.suffix.lower() in (".yaml", ".yml"):
                    text = read_text(path)
                    (main if is_main else other)[path] = yolo.parse_names(text)
                    self._points[path.parent] = yolo.parse_key_points(text)
                elif path.name.casefold() in _NAME_LISTS:
                    listed = [line.strip() for line in read_text(path).splitlines()]
                    main[path] = [name for name in listed if name]
            except ValueError as error:
                if is_main:
                    raise StepFailed(f"{path}: {error}. It should list the class names under 'names'.") from error
                if path.name.casefold() in _NAME_LISTS:
                    raise StepFailed(f"{path}: {error}. It should list a class a line.") from error
        lists = {path: names for path, names in (main or other).items() if names}
        if len({tuple(names) for names in lists.values()}) > 1:
            first, second = list(lists)[:2]
            raise StepFailed(f"{first} and {second} list other classes. Leave only the right one there.")
        return next(iter(lists.values()), None)


def _files_in(folder: Path) -> list[Path]:
    try:
        files = sorted(p for p in folder.iterdir() if p.is_file())
    except OSError:  # what the person did not give may be closed to us
        return []
    return [p for p in files if p.suffix.lower() in (".yaml", ".yml") or p.name.casefold() in _NAME_LISTS]
