"""What jobs leave, as far as it may not depend on whether they were disturbed; and how two of them differ."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.data.dataset import Dataset, file_sha256


def facts_of_run(folder: Path) -> dict[str, Any]:
    """Everything of a run that may not depend on whether it was disturbed."""
    run = folder / "runs" / "r"
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    found = {key: record[key] for key in ("status", "task", "rounds", "best", "evaluation")}
    return found | _of_dataset(run) | {
        "files": digests(run, "images") | digests(run, "photos"),
        "weights": {p.parent.name: _of_weights(p) for p in sorted(run.glob("rounds/*/weights.safetensors"))},
        "data": digests(run, "export", without=("model.", "README", ".sightsmith")),
        "left over": sorted(p.name for p in run.rglob("*.tmp")),
    }  # fmt: skip


def facts_of_labels(folder: Path) -> dict[str, Any]:
    """What a labelling wrote, and the set that it keeps."""
    (kept,) = (folder / "runs" / ".photos").iterdir()
    return _of_dataset(kept) | {
        "files": digests(folder, "labels", without=(".sightsmith", "labels.html")),
        "pictures": digests(kept, "images"),
        "beside": sorted(p.name for p in folder.iterdir() if p.name.startswith((".labels", "labels-"))),
    }  # fmt: skip


def _of_dataset(folder: Path) -> dict[str, Any]:
    dataset = Dataset(folder)
    try:
        samples = {s.id: s.model_dump(exclude={"provenance"}) for s in dataset.samples()}
        return {"samples": samples, "scenes": [s.id for s in dataset.scenes()]}
    finally:
        dataset.close()


def _of_weights(path: Path) -> str:
    """Digest of a safetensors file; its head is written in any order."""
    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    head = json.dumps(json.loads(content[8:start]), sort_keys=True)
    return hashlib.sha256(head.encode() + content[start:]).hexdigest()


def digests(folder: Path, name: str, *, without: Sequence[str] = ()) -> dict[str, str]:
    """Path -> digest of the files below a folder."""
    return {
        path.relative_to(folder).as_posix(): file_sha256(path)
        for path in sorted((folder / name).rglob("*"))
        if path.is_file() and not path.name.startswith(tuple(without))
    }


def differing(calm: dict[str, Any], rough: dict[str, Any]) -> dict[str, str]:
    """What is lost, doubled or otherwise, by name; empty where both are equal."""
    said = {}
    for key in calm:
        if calm[key] == rough[key]:
            continue
        if isinstance(calm[key], dict) and isinstance(rough[key], dict):
            lost, more = calm[key].keys() - rough[key].keys(), rough[key].keys() - calm[key].keys()
            other = [k for k in calm[key].keys() & rough[key].keys() if calm[key][k] != rough[key][k]]
            said[key] = f"{len(lost)} lost, {len(more)} more, {len(other)} other: {[*lost, *more, *other][:3]}"
        else:
            said[key] = f"{str(calm[key])[:150]} became {str(rough[key])[:150]}"
    return said
