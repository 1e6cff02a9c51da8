"""The report of a labelling: what was labelled by what, what scores are worth, what was left out, and images of it.

One HTML file that needs nothing else. Names of files and classes are hostile text and escaped.
"""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from tools.core.errors import StepFailed
from tools.core.files import write_text
from tools.data.images import read_image, scaled_size
from tools.data.sample import Sample
from tools.label.confidence import Checked, Confidence
from tools.label.export import Written
from tools.label.folder import LabelFolder
from tools.label.labeler import LabelSummary
from tools.label.queue import Queued
from tools.models.calibration import Bin
from tools.models.drawing import draw

_SHOWN, _SIDE_PX = 12, 320
_PLOT, _EDGE = 240, 30  # pixels of a diagram and of the room for its numbers
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top}"
    ".p{display:flex;flex-wrap:wrap;gap:.5rem}figure{margin:0;width:220px}img{width:220px}figcaption{font-size:12px;"
    "overflow-wrap:anywhere}svg{background:#fff}"
)


def write_report(
    path: Path, kept: LabelFolder, summary: LabelSummary, confidence: Confidence, queue: Sequence[Queued],
    written: Written | None, about: str,
) -> None:  # fmt: skip
    """Write the report.

    Args:
        path: of the HTML file.
        kept: the labelled photos.
        summary: what became of all photos.
        confidence: what scores are worth.
        queue: what a person should look at.
        written: what was exported, if anything.
        about: what labelled, in one sentence.
    """
    parts = [
        f"<h1>{escape(kept.folder.name)}</h1><p>{escape(about)}.</p>",
        _table(_rows(summary, queue, written)),
        _confidence(confidence),
        "<h2>Left out</h2>" if summary.problems else "",
        _table([(f"{n} photos", why) for why, n in summary.problems.most_common()]),
        _list([f"{name}: {why}" for name, why in islice(kept.problems(), 200)]),
        "<h2>Look at these first</h2>" if queue else "",
        _images(kept, [s for q in queue[:_SHOWN] if (s := kept.dataset.sample(q.id)) is not None]),
        "<h2>Labelled photos</h2>",
        _images(kept, list(islice(kept.samples(), _SHOWN))),
    ]
    text = f'<!doctype html><meta charset="utf-8"><title>Labels</title><style>{_STYLE}</style>{"".join(parts)}'
    write_text(path, text, errors="replace")


def _rows(summary: LabelSummary, queue: Sequence[Queued], written: Written | None) -> list[tuple[str, str]]:
    rows = [
        ("photos labelled", f"{summary.photos}, {summary.empty} of them without anything found"),
        ("labels", ", ".join(f"{n} {name}" for name, n in summary.labels.most_common()) or "none"),
        ("for a person to look at", str(len(queue))),
        ("left out", str(sum(summary.problems.values()))),
    ]
    rows += [("read with care", f"{n} photos: {note}") for note, n in summary.notes.most_common()]
    if written is not None:
        rows.append(("written", f"{written.format}, {written.folder} (labels: {written.labels})"))
        rows += [("lost by the format", f"{n} {what}") for what, n in written.lost.most_common()]
    return rows


def _confidence(confidence: Confidence) -> str:
    parts = ["<h2>What scores are worth</h2>"]
    checked = confidence.checked
    if checked is None:
        parts.append(
            "<p>Not known: no labelled photos were given (<code>--labelled DIR</code>). Scores are shown as given.</p>"
        )
    else:
        parts.append(
            f"<p>Measured on {checked.photos} labelled photos ({checked.detections} detections) that nothing was "
            f"fitted to. Expected calibration error: {checked.ece_before:.3f} as given, {checked.ece_after:.3f} after "
            "scaling. A dot on the diagonal says what is true.</p>"
        )
        parts.append(reliability_diagram(checked.before, "as given") + reliability_diagram(checked.after, "scaled"))
        parts.append(_table(_class_rows(confidence, checked)))
    return "".join(parts) + _list(confidence.notes)


def _class_rows(confidence: Confidence, checked: Checked) -> list[tuple[str, str]]:
    rows = []
    for name, threshold in confidence.thresholds.items():
        precision, recall = checked.precision.get(name), checked.recall.get(name)
        wanted = "" if confidence.wanted is None else f" (wanted {confidence.wanted:g})"
        found = "nothing reaches it" if precision is None else f"precision {precision:.2f}{wanted}"
        more = "" if recall is None else f", {recall:.2f} of the labels found"
        rows.append((name, f"a label from {threshold:.2f} on: {found}{more} on those photos"))
    return rows


def reliability_diagram(bins: Sequence[Bin], name: str) -> str:
    """An SVG of what was said (right) against what was true (up); the larger a dot, the more detections."""
    total = max((b.count for b in bins), default=1)

    def at(said: float, right: float) -> tuple[float, float]:
        return _EDGE + said * _PLOT, 10 + (1 - right) * _PLOT

    (x0, y0), (x1, y1) = at(0, 0), at(1, 1)
    spoken = "; ".join(f"said {b.said:.2f}, true {b.right:.2f}, {b.count} times" for b in bins)
    parts = [
        f'<svg width="{_PLOT + _EDGE + 10}" height="{_PLOT + _EDGE + 20}" role="img" aria-label="{escape(spoken)}">'
        f'<rect x="{_EDGE}" y="10" width="{_PLOT}" height="{_PLOT}" fill="none" stroke="#999"/>'
        f'<line x1="{x0}" y1="{y0}" x2="{x1}" y2="{y1}" stroke="#bbb"/>'
    ]
    for b in bins:
        x, y = at(b.said, b.right)
        parts.append(f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x:.1f}" y2="{at(0, b.said)[1]:.1f}" stroke="#e58"/>')
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{3 + 7 * (b.count / total) ** 0.5:.1f}" fill="#47a"/>')
    for value in (0, 0.5, 1):
        x, y = at(value, value)
        parts.append(f'<text x="{x:.0f}" y="{_PLOT + 26}" font-size="11" text-anchor="middle">{value:g}</text>')
        parts.append(f'<text x="{_EDGE - 6}" y="{y + 4:.0f}" font-size="11" text-anchor="end">{value:g}</text>')
    parts.append(f'<text x="{_EDGE + _PLOT / 2:.0f}" y="{_PLOT + 42}" font-size="12" text-anchor="middle">'
                 f"{escape(name)}</text></svg>")  # fmt: skip
    return "".join(parts)


def _images(kept: LabelFolder, samples: Sequence[Sample]) -> str:
    figures = []
    for sample in samples:
        try:
            image = read_image(kept.folder / sample.image)
        except StepFailed:  # taken away since
            continue
        drawn = draw(image, sample.instances, kept.state.task.class_names)
        scale = min(1.0, _SIDE_PX / max(drawn.shape[:2]))
        small = cv2.resize(drawn, scaled_size(drawn.shape[0], drawn.shape[1], scale), interpolation=cv2.INTER_AREA)
        jpeg = cv2.imencode(".jpg", np.ascontiguousarray(small[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
        data = base64.b64encode(jpeg.tobytes()).decode("ascii")
        name = str(sample.provenance.get("file", sample.id))
        about = ", ".join(filter(None, [sample.label or f"{len(sample.instances)} labels", *sample.reasons]))
        figures.append(
            f'<figure><img src="data:image/jpeg;base64,{data}" alt=""><figcaption>{escape(name)}<br>{escape(about)}'
            "</figcaption></figure>"
        )
    return f'<div class="p">{"".join(figures)}</div>'


def _table(rows: Sequence[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><th>{escape(a)}</th><td>{escape(b)}</td></tr>" for a, b in rows)
    return f"<table>{cells}</table>" if rows else ""


def _list(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""
