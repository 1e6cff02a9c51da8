"""Photos to learn from, without those that judge: the one rule of `tools.data.photos`, applied to files."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from tools.core.errors import StepFailed
from tools.data.dataset import file_sha256
from tools.data.images import is_image, read_image
from tools.data.photo_files import PhotoFile, find_photos
from tools.data.photos import Fingerprint, Reason, find_twins, look_hash
from tools.data.sample import Sample

_THREADS = 2  # decoding lets go of the interpreter; two decoded photos are in memory at most
_SHOWN = 3
_WHY: dict[Reason, str] = {
    "file": "is the same file as", "name": "is of the same photo, by its name, as", "look": "looks the same as",
}  # fmt: skip
UNREADABLE = Fingerprint("", "", None)
Named = tuple[Path, str]  # an image, and its path relative to the folder of its set


@dataclass(frozen=True)
class Same:
    """An image to learn from and the judging one that is of the same photo."""

    learnt: Path
    judging: Path
    by: Reason

    def __str__(self) -> str:
        return f"{self.learnt} {_WHY[self.by]} {self.judging}"


@dataclass(frozen=True)
class Apart:
    """What setting photos apart found."""

    left_out: list[Same] = field(default_factory=list)
    doubtful: list[Same] = field(default_factory=list)  # learnt from all the same, and told
    unreadable: list[Path] = field(default_factory=list)  # of those to learn from
    _out: frozenset[Path] = frozenset()

    def keeps(self, path: str | Path) -> bool:
        """Whether an image may be learnt from: it can be read, and no judging photo shows it."""
        return Path(path).resolve() not in self._out

    def notes(self) -> list[str]:
        """For a person: how many were left out and which, and what is only doubted."""
        notes = []
        if self.left_out:
            notes.append(
                f"{len(self.left_out)} photos to learn from are left out, because they are of photos that judge: "
                f"{_listed(self.left_out)}"
            )
        if self.doubtful:
            notes.append(
                f"{len(self.doubtful)} photos to learn from may be of photos that judge, and are used: "
                f"{_listed(self.doubtful)}. Take them out if they are; rename them if not"
            )
        return notes


def set_apart(learnt: Sequence[Named], judging: Sequence[Named]) -> Apart:
    """Which images no judging photo shows; every file is read once.

    Args:
        learnt: images to learn from.
        judging: images that decide or report; one that cannot be read judges nothing.
    """
    prints = fingerprints(learnt)
    unreadable = [path for (path, _), print_ in zip(learnt, prints, strict=True) if print_ is UNREADABLE]
    sure: list[Same] = []
    doubtful: list[Same] = []
    for index, twin in find_twins(prints, fingerprints(judging)).items():
        same = Same(learnt[index][0], judging[twin.judge][0], twin.by)
        (sure if twin.sure else doubtful).append(same)
    out = frozenset(path.resolve() for path in [*unreadable, *(s.learnt for s in sure)])
    return Apart(sure, doubtful, unreadable, out)


def check_apart(few: Path, real: Path) -> Apart:
    """Set the photos of two folders apart, before anything is spent.

    Args:
        few: photos to learn from.
        real: photos to be judged by.

    Raises:
        StepFailed: all that can be read of `few` are of photos in `real`.
    """
    learnt = in_folder(few)
    apart = set_apart(learnt, in_folder(real))
    if apart.left_out and len(apart.left_out) + len(apart.unreadable) == len(learnt):
        raise StepFailed(
            f"nothing in {few} (--few, learnt from) is left to learn from: all {len(apart.left_out)} photos are of "
            f"photos in {real} (--real, judged by), and a model would be praised for what it was shown: "
            f"{_listed(apart.left_out)}. Take them out of one of the two folders, or give other photos."
        )
    return apart


def in_folder(folder: Path) -> list[Named]:
    """The images of a folder and of all folders in it."""
    return [(p, p.relative_to(folder).as_posix()) for p in sorted(folder.rglob("*")) if is_image(p) and p.is_file()]


def of_samples(samples: Sequence[Sample]) -> list[Named]:
    """A person's photos as `tools.data.real` reads them."""
    return [(Path(s.image), str(s.provenance.get("file", s.image))) for s in samples]


def _listed(found: Sequence[Same]) -> str:
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return "; ".join(map(str, found[:_SHOWN])) + more


def fingerprints(images: Sequence[Named]) -> list[Fingerprint]:
    """Fingerprints of files; of one that cannot be read `UNREADABLE`, which is like no other."""
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="fingerprints") as pool:
        return list(pool.map(_fingerprint, images))


def _fingerprint(image: Named) -> Fingerprint:
    path, name = image
    try:
        about = path.stat()
        return Fingerprint(name, *_read(path, about.st_size, about.st_mtime_ns))
    except Exception:  # decoders fail in many ways; a broken file is named where its photos are read
        return UNREADABLE


@lru_cache(maxsize=1 << 16)
def _read(path: Path, size: int, mtime_ns: int) -> tuple[str, int | None]:
    """Digest and look of a file as it is now: steps of one run ask for the same photos again and again."""
    return file_sha256(path), look_hash(read_image(path))


def apart_from(photos: Sequence[Path], judges: Sequence[Sample]) -> tuple[list[PhotoFile], Apart]:
    """The photos that can be read and that no judging photo shows, and what was left out.

    Args:
        photos: files and folders to learn from.
        judges: real photos that decide or report.
    """
    files = list(find_photos(photos))
    apart = set_apart([(f.path, f.name) for f in files], of_samples(judges))
    return [f for f in files if apart.keeps(f.path)], apart
