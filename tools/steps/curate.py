"""Remove copies and outliers from the samples of a run, check for leaks, and split by scene family."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime

from tools.core.errors import StepFailed
from tools.core.settings import Settings
from tools.core.task import TaskKind
from tools.data.apart import fingerprints, of_samples
from tools.data.images import read_image
from tools.data.neighbours import UNKNOWN, Floats, nearest, release, store
from tools.data.photos import Fingerprint, find_twins, look_hash
from tools.data.sample import Sample, Split, Verdict
from tools.runs.runtime import RunContext, report
from tools.steps.photos_given import judging_photos

Float32Array = npt.NDArray[np.float32]
SIDE = 64  # px; embeddings look at the image this small: enough for layout, blind to noise
EMBEDDING = 1956  # numbers of one: 7 x 7 blocks of 36 orientations, 8 x 8 cells of three colour values
MAX_MEASURED = 0.2  # of the images, in val and in test each: what teaches matters more
NEIGHBOURS = 64  # how many near images a duplicate is looked for among
# Of what renders measure, where labelled photos judge beside them: of six minutes' 71 renders 27 measured, 44 taught.
PHOTOS_JUDGE, LEAST_MEASURED = 0.5, 8
_AT_ONCE = 10_000  # images whose verdicts are written together


@dataclass(frozen=True, slots=True)
class Candidate:
    """What decides whether an image stays and in which split: a million of them fit into memory, samples do not."""

    id: str
    round: int
    scene_id: str
    sha256: str
    family: str
    split: Split | None
    verdict: Verdict
    quality: float
    shown: tuple[str, ...]  # classes, sorted; of an image without any, none

    @classmethod
    def of(cls, sample: Sample) -> "Candidate":
        """The same of a sample."""
        shown = {sample.label} if sample.label else {i.class_name for i in sample.instances}
        return cls(
            sample.id, sample.round, sample.scene_id, sample.sha256, sample.family, sample.split, sample.verdict,
            sample.quality or 0.0, tuple(sorted(shown)),
        )  # fmt: skip


def embed(image: npt.NDArray[np.uint8]) -> Float32Array:
    """A unit vector that near copies share: gradient orientations (HOG) and a colour layout, half of the length each.

    Chosen by measurement (`benchmarks/embedding_choice.py`: JPEG 30 and 60, cut by 2 and 5 %, brightness 0.8 and 1.2,
    blur). Share of 630 copies of 90 renders found without a single false alarm: gradients 0.983, colour layout 0.990,
    both 0.992; the same of 420 copies of 60 tiles of one orchard: 0.993, 1.000, 1.000. The most alike of the different
    renders have a cosine of 0.84 (orchard tiles 0.80); 95 % of the copies have more than 0.93 (0.92).

    Args:
        image: (h, w, 3) RGB.
    """
    small = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    hog = cv2.HOGDescriptor((SIDE, SIDE), (16, 16), (8, 8), (8, 8), 9)
    shape = np.asarray(hog.compute(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)), np.float32).ravel()
    lab = cv2.cvtColor(cv2.resize(small, (8, 8), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB).astype(np.float32)
    colour = (lab - lab.mean(axis=(0, 1))).ravel()
    halves = [v / max(float(np.linalg.norm(v)), 1e-6) for v in (shape, colour)]
    unit: Float32Array = (np.concatenate(halves) / np.sqrt(2)).astype(np.float32)
    return unit


def find_copies(
    embeddings: Floats, hashes: Sequence[str], scores: Sequence[float], max_cosine: float
) -> dict[int, int]:
    """Samples that show the same as a better one: {index of the copy: index of the one kept}.

    Args:
        embeddings: (n, d), rows of unit length.
        hashes: n hashes of the files; equal ones are copies whatever the embedding says.
        scores: n quality scores; of a pair the lower is the copy, of equals the later.
        max_cosine: similarity in [0, 1] from which two samples count as the same.
    """
    if not len(embeddings):
        return {}
    order = np.lexsort([np.arange(len(scores)), -np.asarray(scores)])
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    better = _better_ones(embeddings, rank, max_cosine)
    copies: dict[int, int] = {}
    first_with: dict[str, int] = {}
    for index in order.tolist():
        twin = first_with.setdefault(hashes[index], index)
        near = (other for other in better.get(index, ()) if other not in copies)
        kept = twin if twin != index else next(near, None)
        if kept is not None:
            copies[index] = kept
    return copies


def _better_ones(embeddings: Floats, rank: npt.NDArray[np.int64], max_cosine: float) -> dict[int, list[int]]:
    """For each sample that has any: the like ones of a lower rank, the most alike first."""
    better = {}
    for rows, cosines, found in nearest(embeddings, NEIGHBOURS, max_cosine):
        near = (cosines >= max_cosine) & (found >= 0)
        near &= rank[found] < rank[rows][:, None]
        for row in np.flatnonzero(near.any(axis=1)).tolist():
            better[rows.start + row] = found[row, near[row]].tolist()
    return better


def find_outliers(embeddings: Floats, groups: Sequence[str], neighbours: int, max_z: float) -> dict[int, float]:
    """Samples unlike the rest of their group: {index: robust z-score}.

    The mean cosine to the nearest neighbours in the group, as (median - value) / (1.4826 MAD); groups too small to tell
    (fewer than three times the neighbours) have none.

    Args:
        embeddings: (n, d), rows of unit length.
        groups: n names, e.g. the class shown.
        neighbours: how many nearest ones to average over.
        max_z: z-score from which a sample is an outlier.
    """
    members_of: dict[str, list[int]] = {}
    for i, group in enumerate(groups):
        members_of.setdefault(group, []).append(i)
    found = {}
    for _, members in sorted(members_of.items()):
        if len(members) < 3 * neighbours:
            continue
        own = embeddings if len(members) == len(embeddings) else embeddings[members]
        closeness = np.empty(len(members))
        for rows, cosines, _ in nearest(own, neighbours + 1):
            others = cosines[:, 1:]
            known = others > UNKNOWN  # the cells may hold fewer
            closeness[rows] = np.where(known, others, 0).sum(axis=1) / known.sum(axis=1).clip(1)
        middle = float(np.median(closeness))
        spread = 1.4826 * float(np.median(np.abs(closeness - middle)))
        z = (middle - closeness) / max(spread, 1e-6)
        found.update({members[i]: round(float(z[i]), 2) for i in np.flatnonzero(z > max_z).tolist()})
    return found


def measured_share(settings: Settings, kind: TaskKind, images: int, share: float, *, photos: bool = False) -> float:
    """Share of the images in one of the splits that measure, 0..1: more of few, so that they can tell something.

    Args:
        settings: the least images that are wanted.
        kind: of task.
        images: all that are kept.
        share: where there are many.
        photos: labelled ones judge too.
    """
    wanted = settings.split.pictures_classify if kind == "classify" else settings.split.pictures
    part = max(share, min(wanted / max(images, 1), MAX_MEASURED))
    return max(part * PHOTOS_JUDGE, min(LEAST_MEASURED / max(images, 1), MAX_MEASURED)) if photos else part


def split_families(
    samples: Sequence[Candidate], val_share: float, test_share: float, aimed: Collection[str] = ()
) -> dict[str, Split]:
    """A split for each sample that has none; a family stays whole and earlier splits stay as they are.

    Families go in the order of a hash, those of rare classes first, each to the split that lacks most of what it
    shows: of every class (and of images without any) each split gets its share, so val and test hold every class that
    has an image for each of them. A family drawn for a weak slice is kept out of the test where that has images of
    the same classes: the test asks what the request asks, in every round, else its scores could not be compared.

    Args:
        samples: all that are kept, those of earlier rounds included.
        val_share: of the images, 0..1.
        test_share: of the images, 0..1.
        aimed: families of which a scene was drawn for a weak slice.

    Returns:
        {sample id: split} of the samples that had none.
    """
    shares: dict[Split, float] = {"train": 1 - val_share - test_share, "val": val_share, "test": test_share}
    home: dict[str, Split] = {s.family: s.split for s in samples if s.split is not None}
    total = Counter(name for s in samples for name in _shown_or_empty(s))
    filled = Counter((s.split, name) for s in samples if s.split is not None for name in _shown_or_empty(s))
    families: dict[str, list[Candidate]] = {}
    for sample in samples:
        if sample.split is None:
            families.setdefault(sample.family, []).append(sample)

    shown = {f: sorted({name for m in members for name in _shown_or_empty(m)}) for f, members in families.items()}

    def lack(split: Split, family: str) -> float:
        """How far a split is below its share of what a family shows, in images; to have none at all is worse."""
        return sum(shares[split] * total[n] - filled[split, n] + (not filled[split, n]) for n in shown[family])

    for family in sorted(families, key=lambda f: (min(total[n] for n in shown[f]), hashlib.sha1(f.encode()).digest())):
        if family not in home:
            lacks = {split: lack(split, family) for split in shares}
            if family in aimed and all(filled["test", name] for name in shown[family]):
                del lacks["test"]
            home[family] = max(lacks, key=lacks.__getitem__)
        filled.update((home[family], name) for m in families[family] for name in _shown_or_empty(m))
    return {m.id: home[f] for f, members in families.items() for m in members}


def _shown_or_empty(sample: Candidate) -> tuple[str, ...]:
    return sample.shown or ("",)


def find_leaks(made: Sequence[Fingerprint], real: Sequence[Sample]) -> list[int]:
    """Indices of made images that show what a real photo shows; see `tools.data.photos`.

    Args:
        made: file and look of each; their names say nothing.
        real: the real photos.
    """
    return sorted(i for i, twin in find_twins(made, fingerprints(of_samples(real))).items() if twin.sure)


def curate(run: RunContext, max_cosine: float | None = None) -> str:
    """Decide which images stay; see `curate_dataset`."""
    settings = run.settings
    limit = settings.curation.max_cosine if max_cosine is None else max_cosine
    samples, embeddings, leaks = _looked_at(run)
    hashes = [s.sha256 for s in samples]
    # What an earlier round kept stays: it comes before anything new, whatever the scores.
    ranks = [s.quality + (10.0 if s.verdict == "kept" else 0.0) for s in samples]
    groups = ["/".join(s.shown) or "empty" for s in samples]
    copies = find_copies(embeddings, hashes, ranks, limit)
    content = _content_vectors(run, samples)
    if content is not None:
        # The more careful of two eyes: a copy for either is a copy.
        copies = find_copies(content, hashes, ranks, max(limit, settings.clip.max_cosine)) | copies
        copies = _rooted(copies)
    outliers = find_outliers(
        embeddings if content is None else content,
        groups,
        settings.curation.outlier_neighbours,
        settings.curation.outlier_z,
    )
    reasons: dict[int, str] = {
        **{i: f"unlike the rest (z {z})" for i, z in outliers.items()},
        **{i: f"copy of {samples[kept].id}" for i, kept in copies.items()},
        **dict.fromkeys(leaks, "shows the same as a real photo"),
    }
    new = [i for i, s in enumerate(samples) if s.verdict == "new"]
    kept = [s for i, s in enumerate(samples) if i not in reasons or s.verdict == "kept"]
    if not kept:
        raise StepFailed("every picture was dropped; ask design_scenes for other scenes or raise max_cosine")
    aimed, layouts = set(), {}
    for scene in run.dataset.each_scene():
        if scene.aimed:
            aimed.add(scene.family)
        if settings.candidates_each > 1:
            layouts[scene.id] = scene.layout_id
    of_each = len({layouts.get(s.scene_id, s.id) for s in kept})  # of several candidates one will stay
    val, test = (
        measured_share(settings, run.task.kind, of_each, share, photos=run.record.real is not None)
        for share in (settings.split.val, settings.split.test)
    )
    splits = split_families(kept, val, test, aimed)
    for start in range(0, len(new), _AT_ONCE):
        run.dataset.update_samples({
            samples[i].id: (
                {"verdict": "dropped", "reasons": [reasons[i]]} if i in reasons
                else {"verdict": "kept", "split": splits[samples[i].id]}
            )
            for i in new[start : start + _AT_ONCE]
        })  # fmt: skip
    run.round.kept = run.dataset.count(round_number=run.round.number, verdict="kept")
    run.save()
    counts = Counter(splits.get(s.id, s.split) for s in kept)
    dropped = Counter("copy" if i in copies else "leak" if i in leaks else "outlier" for i in new if i in reasons)
    return report(
        done=f"kept {sum(i not in reasons for i in new)} of {len(new)} new pictures",
        dropped=dict(dropped),
        splits={str(k): v for k, v in sorted(counts.items(), key=str)},
        leak_check="no real photos given" if not run.record.real else f"{len(leaks)} leaks",
        weak=[f"no picture for {s}" for s in ("train", "val", "test") if not counts[s]],
        next="annotate_images",
    )


def _looked_at(run: RunContext) -> tuple[list[Candidate], Floats, set[int]]:
    """Every image that is not dropped yet, how it looks (n, d), and which of them show what a real photo shows.

    Raises:
        StepFailed: there is none.
    """
    count = run.dataset.count() - run.dataset.count(verdict="dropped")
    if not count:
        why = Counter(reason for s in run.dataset.samples() for reason in s.reasons).most_common(1)
        raise StepFailed(
            f"no picture is left to curate: most were dropped as {why[0][0]!r}; ask design_scenes for other scenes"
            if why else "there is no picture to curate; call generate_images"
        )  # fmt: skip
    of_round = run.dataset.count(round_number=run.round.number)
    samples, prints = list[Candidate](), list[Fingerprint]()
    embeddings = store(count, EMBEDDING, run.folder)
    judges = judging_photos(run)
    for sample in _undropped(run):
        run.check_stop()
        image = read_image(run.path(sample.image))
        embeddings[len(samples)] = embed(image)
        if judges:
            prints.append(Fingerprint("", sample.sha256, look_hash(image)))
        samples.append(Candidate.of(sample))
        if len(samples) % _AT_ONCE == 0:
            release(embeddings)
        run.progress("curate", len(samples), count, pictures=of_round)
    return samples, embeddings[: len(samples)], set(find_leaks(prints, judges))


def _undropped(run: RunContext) -> Iterator[Sample]:
    return (s for s in run.dataset.samples() if s.verdict != "dropped")


def _content_vectors(run: RunContext, samples: Sequence[Candidate]) -> Floats | None:
    """(n, d) vectors that scoring computed for every sample with one model, or None."""
    place = {s.id: i for i, s in enumerate(samples)}
    for model, width in run.dataset.embedding_models().items():
        vectors, filled = store(len(samples), width, run.folder), 0
        for identity, vector in run.dataset.embeddings(model):
            if identity in place:
                vectors[place[identity]] = vector
                filled += 1
        if filled == len(samples):
            return vectors
    return None


def _rooted(copies: dict[int, int]) -> dict[int, int]:
    """Copies of what is itself a copy point to the one that is kept; each points to a better one, so none is a ring."""

    def root(index: int) -> int:
        return root(copies[index]) if index in copies else index

    return {copy: root(kept) for copy, kept in copies.items()}


@tool
def curate_dataset(runtime: ToolRuntime[RunContext], max_cosine: float | None = None) -> str:
    """Drop copies and outliers, check that no training image leaks a real photo, and split train/val/test.

    Args:
        runtime: given by the agent.
        max_cosine: similarity in 0..1 from which two images count as the same; leave it out for the default.
    """
    run = runtime.context
    run.task  # noqa: B018
    with run.stage("curate"):
        return curate(run, max_cosine)
