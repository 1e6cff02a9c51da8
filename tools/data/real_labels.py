"""Find out how somebody's folder of photos is labelled, and read it: label files, mask images or class folders.

Nothing in the folder is written, moved or deleted. What the labels mean for the task is left to `tools.data.real`.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from tools.core.errors import StepFailed
from tools.data.formats import folders, label_studio, unread
from tools.data.formats.labels import LabelledImage, LabelSet, counted
from tools.data.label_files import FORMATS, ONE_IMAGE, Found, find_labels, several_formats
from tools.data.label_tree import HOW, NamedImage, Tree, match_images, read_tree, stem_of, widen
from tools.data.left_out import LeftOut
from tools.data.photos import SORTING_FOLDERS
from tools.data.real_masks import read_masks
from tools.data.real_yolo import YoloFiles, read_text, read_yolo

__all__ = ["FORMATS", "RealLabels", "read_labels"]
_SHOWN = 3
# Labelled in a browser, or decoded by a library that turns them first: what is said is of images as shown.
_UPRIGHT = ("label-studio", "hugging-face")
# Told of images that no label file speaks of.
NO_LABELS = "pictures have no labels and are left out (they may or may not be empty)"


@dataclass
class RealLabels:
    """What the folder says, in the labels' own class names."""

    format: str
    entries: list[tuple[Path, LabelledImage]] = field(default_factory=list)  # image, labels; each image once
    notes: list[str] = field(default_factory=list)
    upright: bool = False  # labels are for images as shown; else as stored, unless their sizes say otherwise
    broken: list[str] = field(default_factory=list)  # sentences about images that cannot be read
    left_out: LeftOut = field(default_factory=LeftOut)


def read_labels(folder: Path, classify: bool) -> RealLabels:
    """Detect the format and read every label; one that cannot be used is left out, by the rule of `LeftOut`.

    Args:
        folder: of the photos.
        classify: whether class folders are labels enough.

    Raises:
        StepFailed: the folder is missing or empty, has no labels or those of several formats, or too many of them
            cannot be used; the message names the file and the way out.
    """
    tree = read_tree(folder)
    found = find_labels(tree)
    if not found.kinds and not found.broken and widen(tree):  # the person gave a part of a data set
        found = find_labels(tree)
    if len(found.kinds) > 1:
        raise StepFailed(several_formats(tree, found))
    if not found.kinds:
        labels = _without_label_files(tree, classify, found)
    elif found.kinds == ["yolo"]:
        labels = _yolo(tree, found.yolo)
    else:
        labels = _resolve(tree, found)
    if labels.format not in ("class folders", "masks"):
        _one_meaning(tree, labels, classify)
    _settle(tree, labels)
    _note(labels, tree.unread, "pictures are not read")
    if labels.format != "masks":
        _note(labels, [tree.relative(p) for p in tree.masks], "pictures of masks are not read")
    _note(labels, [tree.relative(p) for p in tree.links], "linked folders were followed")
    _note(labels, found.ignored, "files beside the labels cannot be read and are ignored")
    _note(labels, found.foreign, "other label files are ignored")
    return labels


# Images of labels -------------------------------------------------------------------------------------------------


def _resolve(tree: Tree, found: Found) -> RealLabels:
    """Bring label files and images together.

    Raises:
        StepFailed: a file of the labels of many images is broken, or no labelled image is there.
    """
    kind = found.kinds[0]
    files = found.files[kind]
    broken = [path for path in found.broken if path.suffix == files[0][0].suffix]
    if broken and kind not in ONE_IMAGE:
        raise StepFailed(f"A label file cannot be read. {found.broken[broken[0]]} Repair or remove it.")
    labels = RealLabels(kind, upright=kind in _UPRIGHT)
    said: list[tuple[Path, LabelledImage]] = []
    for path, content in files:
        if isinstance(content, LabelSet):
            labels.notes += [f"{tree.relative(path)}: {note}" for note in content.notes]
            labels.left_out.labels += len(content.bad)
            labels.left_out.reasons += [f"{tree.relative(path)}: {reason}" for reason in content.bad]
            said += [(path, image) for image in content.images]
        else:
            said.append((path, content))
    stems = {stem_of(p.name) for p in tree.images} if kind in (*ONE_IMAGE, "label-studio") else set()
    matches = match_images(tree, [NamedImage(_name(path, image, stems, kind), path) for path, image in said])
    owner: dict[Path, tuple[Path, LabelledImage]] = {}
    missing: list[str] = []
    unclear: list[str] = []
    twice: list[str] = []
    for (path, image), photo, is_unclear in zip(said, matches.images, matches.unclear, strict=True):
        image.bad[:] = [f"{tree.relative(path)}: {reason}" for reason in image.bad]
        if photo is None:
            (unclear if is_unclear else missing).append(image.file or tree.relative(path))
        elif photo not in owner:
            owner[photo] = (path, image)
            labels.entries.append((photo, image))
        elif owner[photo][0] == path:
            _merge(owner[photo][1], image)
        else:
            twice.append(tree.relative(photo))
    labels.left_out.labels += len(broken)  # each of one image, which is not empty
    labels.left_out.reasons += [found.broken[path] for path in broken]
    spoilt = {path.stem for path in broken}
    for how, examples in matches.notes.items():
        _note(labels, examples, f"pictures were found by {how}")
    _note(labels, missing, "labelled pictures are not in the folder and are left out")
    _note(labels, unclear, "labelled pictures may be several files, or share one, and are left out")
    _note(labels, twice, "pictures are labelled in more than one file; the first file counts")
    unlisted = [tree.relative(p) for p in tree.images if p not in owner and stem_of(p.name) not in spoilt]
    _note(labels, unlisted, NO_LABELS)
    if not labels.entries:
        example = f" (such as {missing[0]})" if missing else ""
        if unclear:
            raise StepFailed(f"{tree.root}: {unclear[0]} may be one of several pictures. Say its folder in the labels.")
        raise StepFailed(
            f"{tree.root}: none of the {len(missing)} labelled pictures is there{example}; pictures such as "
            f"{tree.relative(tree.images[0])} have no labels. Put the pictures into the same folder as their labels, "
            "under the names that the labels give them."
        )
    return labels


def _name(path: Path, image: LabelledImage, stems: set[str], kind: str) -> str:
    """The image that a label file means: the one that is called like itself, where there is one.

    One that was uploaded to Label Studio is meant by its own name too, unless it lies there as that called it.
    """
    if kind == "label-studio":
        place = PurePosixPath(image.file.replace("\\", "/"))
        own = label_studio.unprefixed(place.name)
        return image.file if stem_of(place.name) in stems or stem_of(own) not in stems else own
    name = image.file or f"{path.stem}.jpg"
    own = stem_of(PurePosixPath(name.replace("\\", "/")).name)
    if own == path.stem or path.stem not in stems:
        return name
    return f"{path.stem}{PurePosixPath(name).suffix or '.jpg'}"


def _merge(first: LabelledImage, second: LabelledImage) -> None:
    first.instances.extend(second.instances)
    first.bad.extend(second.bad)
    first.asides.update(second.asides)


def _one_meaning(tree: Tree, labels: RealLabels, classify: bool) -> None:
    """Drop classes of whole images where boxes or masks are wanted and there are some.

    Raises:
        StepFailed: there are only such classes; an image with one is not empty.
    """
    named = [k for k, (_, image) in enumerate(labels.entries) if image.label is not None]
    if classify or not named:
        return
    if not any(image.instances or image.bad for _, image in labels.entries):
        raise StepFailed(
            f"{tree.root}: its {FORMATS[labels.format]} says what pictures show, such as "
            f"{labels.entries[named[0]][1].label!r}, not where. Label boxes or masks, or ask for a classifier."
        )
    for k in named:
        path, image = labels.entries[k]
        labels.entries[k] = (path, replace(image, label=None))
    _note(labels, [tree.relative(labels.entries[k][0]) for k in named], "classes of whole pictures are not used")


def _masks(tree: Tree) -> RealLabels:
    read = read_masks(tree)
    labels = RealLabels("masks", read.entries)
    if read.nameless:
        labels.notes.append("no list of classes beside the masks: what they show is called 'object'")
    if read.parts:
        labels.notes.append("masks of classes say nothing of objects: each connected part is taken for one")
    _note(labels, [tree.relative(p) for p in read.unclear], "masks may be of several pictures and are left out")
    unlisted = [tree.relative(p) for p in read.unlisted]
    _note(labels, unlisted, NO_LABELS)
    return labels


def _yolo(tree: Tree, files: YoloFiles) -> RealLabels:
    read = read_yolo(tree, files)
    # The format's own trainer turns images by EXIF before it uses the labels.
    labels = RealLabels("yolo", read.entries, upright=True, broken=read.broken, left_out=read.left_out)
    if read.nameless:
        labels.notes.append("no data.yaml and no classes.txt: the class numbers are taken as names")
    for paths, what in read.notes:
        _note(labels, [tree.relative(p) for p in paths], what)
    return labels


def _settle(tree: Tree, labels: RealLabels) -> None:
    """Apply the rule of labels that are left out: an image none of whose labels could be read is not empty.

    Raises:
        StepFailed: too many are.
    """
    asides: Counter[str] = Counter()
    unknown = []
    for path, image in labels.entries:
        labels.left_out.labels += len(image.instances) + len(image.bad)
        labels.left_out.reasons += image.bad
        asides.update(image.asides)
        if image.is_unknown:
            unknown.append(path)
    labels.left_out.check(tree.root)
    labels.notes += labels.left_out.notes()
    if asides:
        labels.notes.append(counted(asides))
    gone = set(unknown)
    labels.entries = [(path, image) for path, image in labels.entries if path not in gone]
    _note(labels, [tree.relative(p) for p in unknown], "pictures have no label that could be read and are left out")
    if not labels.entries:
        why = [*labels.left_out.notes(), counted(asides), *labels.broken]
        raise StepFailed(f"{tree.root}: no picture can be used. {next(filter(None, why), '')} Bring others.")


def _note(labels: RealLabels, names: list[str], what: str) -> None:
    if names:
        more = ", ..." if len(names) > _SHOWN else ""
        labels.notes.append(f"{len(names)} {what}: {', '.join(names[:_SHOWN])}{more}")


# Class folders ----------------------------------------------------------------------------------------------------


def _without_label_files(tree: Tree, classify: bool, found: Found) -> RealLabels:
    """Class folders, which are labels enough to classify.

    Raises:
        StepFailed: there are none, or labels of another kind; names the way out.
    """
    if found.broken:
        first = next(iter(found.broken.values()))
        raise StepFailed(f"No label can be read in {tree.root}. {first} Repair it, or bring other labels.")
    if found.foreign:
        raise StepFailed(f"{tree.root}: {found.foreign[0]}")
    if tree.masks:
        return _masks(tree)
    names: dict[str, str] = {}
    for path in tree.others[".json"]:
        if path.name == folders.NAMES_FILE:
            names = _folder_names(path)
    labels = RealLabels("class folders", upright=True)
    loose = []
    for path in tree.images:
        inside = [p for p in path.relative_to(tree.root).parts[:-1] if p.casefold() not in SORTING_FOLDERS]
        if inside:
            image = LabelledImage(tree.relative(path), 0, 0, label=names.get(inside[-1], inside[-1]))
            labels.entries.append((path, image))
        else:
            loose.append(tree.relative(path))
    if not labels.entries:
        raise StepFailed(_no_labels(tree, found))
    if not classify:
        folder = labels.entries[0][1].label
        raise StepFailed(
            f"{tree.root} holds {len(tree.images)} pictures but no boxes or masks. Folders such as '{folder}' tell "
            "what a picture shows, not where: label boxes (COCO, YOLO, Pascal VOC or CVAT), or ask for a classifier."
        )
    _note(labels, loose, "pictures lie in no class folder and are left out")
    return labels


def _folder_names(path: Path) -> dict[str, str]:
    try:
        return folders.parse_names(read_text(path))
    except ValueError as error:
        raise StepFailed(f"{path}: the labels cannot be read: {error}. Repair or remove the file.") from error


def _no_labels(tree: Tree, found: Found) -> str:
    said = f"{tree.root} holds {len(tree.images)} pictures but no labels."
    for paths in tree.others.values():
        for path in paths:
            if kind := unread.suffix_kind(path):
                return f"{said} {unread.refusal(kind, tree.relative(path))}"
    if found.ignored:
        return f"{said} {found.ignored[0]} {HOW}"
    if texts := sorted(found.yolo.pairs.values()):
        return f"{said} {tree.relative(texts[0])} holds no rows of YOLO's kind. {HOW}"
    return f"{said} {HOW}"
