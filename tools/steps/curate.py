"""Remove copies and outliers from the samples of a run, check for leaks, and split by scene family."""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime

from tools.core.errors import StepFailed
from tools.core.settings import Settings
from tools.core.task import TaskKind
from tools.data.apart import fingerprints, of_samples
from tools.data.photos import Fingerprint, find_twins, look_hash
from tools.data.pictures import read_picture
from tools.data.sample import Sample, Split
from tools.runs.runtime import RunContext, report
from tools.steps.photos_given import judging_photos

Float32Array = npt.NDArray[np.float32]
SIDE = 64  # embeddings look at the picture this small: enough for layout, blind to noise
MAX_MEASURED = 0.2  # of the pictures, in val and in test each: what teaches matters more
NEIGHBOURS = 64  # how many near pictures a duplicate is looked for among
# Up to so many pictures every pair is compared; of more, a picture with those of the nearest of 4 sqrt(n) cells.
EXACT = 20_000
_PROBES = 16  # cells that are looked into: 0.5 % of the pictures at a million
_TRAINED_ON = 40  # pictures a cell, from which faiss finds the cells


def embed(picture: npt.NDArray[np.uint8]) -> Float32Array:
    """A unit vector that near copies share: gradient orientations (HOG) and a colour layout, half of the length each.

    Chosen by measurement (`benchmarks/embedding_choice.py`: JPEG 30 and 60, cut by 2 and 5 %, brightness 0.8 and 1.2,
    blur). Share of 630 copies of 90 renders found without a single false alarm: gradients 0.983, colour layout 0.990,
    both 0.992; the same of 420 copies of 60 tiles of one orchard: 0.993, 1.000, 1.000. The most alike of the different
    renders have a cosine of 0.84 (orchard tiles 0.80); 95 % of the copies have more than 0.93 (0.92).

    Args:
        picture: (h, w, 3) RGB.
    """
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    hog = cv2.HOGDescriptor((SIDE, SIDE), (16, 16), (8, 8), (8, 8), 9)
    shape = np.asarray(hog.compute(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)), np.float32).ravel()
    lab = cv2.cvtColor(cv2.resize(small, (8, 8), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB).astype(np.float32)
    colour = (lab - lab.mean(axis=(0, 1))).ravel()
    halves = [v / max(float(np.linalg.norm(v)), 1e-6) for v in (shape, colour)]
    unit: Float32Array = (np.concatenate(halves) / np.sqrt(2)).astype(np.float32)
    return unit


def find_copies(
    embeddings: Float32Array, hashes: Sequence[str], scores: Sequence[float], max_cosine: float
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
    similarity, neighbours = _nearest(embeddings, embeddings, min(NEIGHBOURS, len(embeddings)))
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
    rank = {index: place for place, index in enumerate(order)}
    copies: dict[int, int] = {}
    first_with: dict[str, int] = {}
    for index in order:
        twin = first_with.setdefault(hashes[index], index)
        near = (
            int(other)
            for cosine, other in zip(similarity[index], neighbours[index], strict=True)
            if cosine >= max_cosine and other not in copies and rank[int(other)] < rank[index]
        )
        kept = twin if twin != index else next(near, None)
        if kept is not None:
            copies[index] = kept
    return copies


def find_outliers(embeddings: Float32Array, groups: Sequence[str], neighbours: int, max_z: float) -> dict[int, float]:
    """Samples unlike the rest of their group: {index: robust z-score}.

    The mean cosine to the nearest neighbours in the group, as (median - value) / (1.4826 MAD); groups too small to tell
    (fewer than three times the neighbours) have none.

    Args:
        embeddings: (n, d), rows of unit length.
        groups: n names, e.g. the class shown.
        neighbours: how many nearest ones to average over.
        max_z: z-score from which a sample is an outlier.
    """
    found = {}
    for group in sorted(set(groups)):
        members = [i for i, g in enumerate(groups) if g == group]
        if len(members) < 3 * neighbours:
            continue
        vectors = embeddings[members]
        similarity, _ = _nearest(vectors, vectors, neighbours + 1)
        near = similarity[:, 1:] > -1.5  # the cells may hold fewer
        closeness = np.where(near, similarity[:, 1:], 0).sum(axis=1) / near.sum(axis=1).clip(1)
        middle = float(np.median(closeness))
        spread = 1.4826 * float(np.median(np.abs(closeness - middle)))
        z = (middle - closeness) / max(spread, 1e-6)
        found.update({members[i]: round(float(z[i]), 2) for i in np.flatnonzero(z > max_z)})
    return found


def measured_share(settings: Settings, kind: TaskKind, pictures: int, share: float) -> float:
    """Share of the pictures in one of the splits that measure, 0..1: more of few, so that they can tell something.

    Args:
        settings: the least pictures that are wanted.
        kind: of task.
        pictures: all that are kept.
        share: where there are many.
    """
    wanted = settings.split.pictures_classify if kind == "classify" else settings.split.pictures
    return max(share, min(wanted / max(pictures, 1), MAX_MEASURED))


def split_families(
    samples: Sequence[Sample], val_share: float, test_share: float, aimed: Collection[str] = ()
) -> dict[str, Split]:
    """A split for each sample that has none; a family stays whole and earlier splits stay as they are.

    Families go in the order of a hash, those of rare classes first, each to the split that lacks most of what it
    shows: of every class (and of pictures without any) each split gets its share, so val and test hold every class that
    has a picture for each of them. A family drawn for a weak slice is kept out of the test where that has pictures of
    the same classes: the test asks what the request asks, in every round, else its scores could not be compared.

    Args:
        samples: all kept samples, those of earlier rounds included.
        val_share: of the pictures, 0..1.
        test_share: of the pictures, 0..1.
        aimed: families of which a scene was drawn for a weak slice.

    Returns:
        {sample id: split} of the samples that had none.
    """
    shares: dict[Split, float] = {"train": 1 - val_share - test_share, "val": val_share, "test": test_share}
    home: dict[str, Split] = {s.family: s.split for s in samples if s.split is not None}
    total = Counter(name for s in samples for name in _shown_or_empty(s))
    filled = Counter((s.split, name) for s in samples if s.split is not None for name in _shown_or_empty(s))
    families: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.split is None:
            families.setdefault(sample.family, []).append(sample)

    shown = {f: sorted({name for m in members for name in _shown_or_empty(m)}) for f, members in families.items()}

    def lack(split: Split, family: str) -> float:
        """How far a split is below its share of what a family shows, in pictures; to have none at all is worse."""
        return sum(shares[split] * total[n] - filled[split, n] + (not filled[split, n]) for n in shown[family])

    for family in sorted(families, key=lambda f: (min(total[n] for n in shown[f]), hashlib.sha1(f.encode()).digest())):
        if family not in home:
            lacks = {split: lack(split, family) for split in shares}
            if family in aimed and all(filled["test", name] for name in shown[family]):
                del lacks["test"]
            home[family] = max(lacks, key=lacks.__getitem__)
        filled.update((home[family], name) for m in families[family] for name in _shown_or_empty(m))
    return {m.id: home[f] for f, members in families.items() for m in members}


def _shown_or_empty(sample: Sample) -> set[str]:
    return _shown(sample) or {""}


def _shown(sample: Sample) -> set[str]:
    return {sample.label} if sample.label else {i.class_name for i in sample.instances}


def find_leaks(made: Sequence[Fingerprint], real: Sequence[Sample]) -> list[int]:
    """Indices of made pictures that show what a real photo shows; see `tools.data.photos`.

    Args:
        made: file and look of each; their names say nothing.
        real: the real photos.
    """
    return sorted(i for i, twin in find_twins(made, fingerprints(of_samples(real))).items() if twin.sure)


def _nearest(base: Float32Array, queries: Float32Array, count: int) -> tuple[Float32Array, npt.NDArray[np.int64]]:
    """Cosines and indices of the `count` nearest rows of `base` for each query, nearest first."""
    import faiss

    base = np.ascontiguousarray(base)
    index: Any = faiss.IndexFlatIP(base.shape[1])
    if len(base) > EXACT:
        cells = round(4 * np.sqrt(len(base)))
        index = faiss.IndexIVFFlat(index, base.shape[1], cells, faiss.METRIC_INNER_PRODUCT)
        index.train(base[:: max(1, len(base) // (_TRAINED_ON * cells))])
        index.nprobe = _PROBES
    index.add(base)
    similarity, neighbours = index.search(np.ascontiguousarray(queries), min(count, len(base)))
    return similarity, neighbours


def curate(run: RunContext, max_cosine: float | None = None) -> str:
    """Decide which pictures stay; see `curate_dataset`."""
    settings = run.settings
    limit = settings.curation.max_cosine if max_cosine is None else max_cosine
    samples = [s for s in run.dataset.samples() if s.verdict != "dropped"]
    if not samples:
        why = Counter(reason for s in run.dataset.samples() for reason in s.reasons).most_common(1)
        raise StepFailed(
            f"no picture is left to curate: most were dropped as {why[0][0]!r}; ask design_scenes for other scenes"
            if why else "there is no picture to curate; call generate_images"
        )  # fmt: skip
    vectors, prints, of_round = [], [], sum(s.round == run.round.number for s in samples)
    for done, sample in enumerate(samples, start=1):
        run.check_stop()
        picture = read_picture(run.path(sample.image))
        vectors.append(embed(picture))
        prints.append(Fingerprint("", sample.sha256, look_hash(picture)))
        run.progress("curate", done, len(samples), pictures=of_round)
    embeddings, hashes = np.stack(vectors), [s.sha256 for s in samples]
    # What an earlier round kept stays: it comes before anything new, whatever the scores.
    ranks = [(s.quality or 0.0) + (10.0 if s.verdict == "kept" else 0.0) for s in samples]
    groups = ["/".join(sorted(_shown(s))) or "empty" for s in samples]
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
    leaks = set(find_leaks(prints, judging_photos(run)))
    reasons: dict[int, str] = {
        **{i: f"unlike the rest (z {z})" for i, z in outliers.items()},
        **{i: f"copy of {samples[kept].id}" for i, kept in copies.items()},
        **dict.fromkeys(leaks, "shows the same as a real photo"),
    }
    new = [i for i, s in enumerate(samples) if s.verdict == "new"]
    kept = [s for i, s in enumerate(samples) if i not in reasons or s.verdict == "kept"]
    if not kept:
        raise StepFailed("every picture was dropped; ask design_scenes for other scenes or raise max_cosine")
    scenes = run.dataset.scenes()
    aimed = {s.family for s in scenes if s.aimed}
    layouts = {s.id: s.layout_id for s in scenes} if settings.candidates_each > 1 else {}
    of_each = len({layouts.get(s.scene_id, s.id) for s in kept})  # of several candidates one will stay
    val, test = (
        measured_share(settings, run.task.kind, of_each, share) for share in (settings.split.val, settings.split.test)
    )
    splits = split_families(kept, val, test, aimed)
    updates: dict[str, dict[str, Any]] = {}
    for i in new:
        sample = samples[i]
        updates[sample.id] = (
            {"verdict": "dropped", "reasons": [reasons[i]]} if i in reasons
            else {"verdict": "kept", "split": splits[sample.id]}
        )  # fmt: skip
    run.dataset.update_samples(updates)
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


def _content_vectors(run: RunContext, samples: Sequence[Sample]) -> Float32Array | None:
    """(n, d) vectors that scoring computed for every sample with one model, or None."""
    for vectors in run.dataset.embeddings().values():
        if all(s.id in vectors for s in samples):
            return np.stack([vectors[s.id] for s in samples])
    return None


def _rooted(copies: dict[int, int]) -> dict[int, int]:
    """Copies of what is itself a copy point to the one that is kept; each points to a better one, so none is a ring."""

    def root(index: int) -> int:
        return root(copies[index]) if index in copies else index

    return {copy: root(kept) for copy, kept in copies.items()}


@tool
def curate_dataset(runtime: ToolRuntime[RunContext], max_cosine: float | None = None) -> str:
    """Drop copies and outliers, check that no training picture leaks a real photo, and split train/val/test.

    Args:
        runtime: given by the agent.
        max_cosine: similarity in 0..1 from which two pictures count as the same; leave it out for the default.
    """
    run = runtime.context
    run.task  # noqa: B018
    with run.stage("curate"):
        return curate(run, max_cosine)
