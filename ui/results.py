"""What a run's model can do, to be seen: plain words, test images with answers beside the truth, its mistakes."""

from html import escape
from pathlib import Path

import numpy as np
import streamlit as st

from tools.core.errors import SightsmithError
from tools.data.dataset import Dataset
from tools.data.images import ImageArray, read_image
from tools.data.real import load_real
from tools.data.sample import Instance, Sample, evenly
from tools.models.predict import Predictor
from tools.page.browse import Browser
from tools.page.outlines import Colours, colours_for, outlined
from tools.page.seen import NOTHING, Mistake, SeenImage, confusions, crop, kept_answers, look_all
from tools.page.teach import shrunk
from tools.page.thumbnails import jpeg
from tools.runs.runtime import RunRecord
from ui import plain_words, session, widgets
from ui.session import t

_LOOKED, _PAIRS, _CROPS = 10, 3, 6  # test images asked about, shown, and mistakes shown
_SIDE_PX, _CROP_PX, _GAP_PX = 480, 160, 8
_SYNTHETIC, _PHOTOS = "synthetic_test", "photos"


def card(folder: Path, record: RunRecord) -> bool:
    """The model in plain words; False where there is none yet."""
    told = plain_words.of_run(record, _confused(folder, record))
    if told is None:
        return False
    lines = "".join(f"<li>{escape(line)}</li>" for line in told.lines)
    mark = "warning" if told.worry else "info"
    st.html(f'<div class="ss-result"><ul>{lines}</ul></div>')
    widgets.say(mark, told.caution)
    return True


def images(folder: Path, record: RunRecord) -> None:
    """Test images and the person's photos, with what the model found beside what is there; then its mistakes."""
    if record.best is None:
        return
    st.header(t("sees_title"), anchor=False)
    shown = evenly(_kept(str(folder), _stamp(folder, record)), _LOOKED) if record.few else []
    photos, drawn = _seen(folder, record, _PHOTOS), _seen(folder, record, _SYNTHETIC) if not record.few else []
    for seen, title in ((photos, "sees_photos"), (shown, "sees_shown"), (drawn, "sees_drawn")):
        if seen:
            widgets.plain(t(title), "small")
            _pairs(folder, record, seen)
    if not (photos or shown or drawn):
        widgets.plain(t("sees_nothing"), "small")
    mistaken(folder, record)


def mistaken(folder: Path, record: RunRecord) -> None:
    """What is taken for what, as a table and as images."""
    seen = _kept(str(folder), _stamp(folder, record))
    if not seen:
        return
    st.header(t("confused_title"), anchor=False)
    widgets.plain(t("confused_about"), "small")
    names = widgets.class_names(record)
    st.html(_matrix(seen, names))
    wrong = [(s, m) for s in seen for m in s.mistakes]
    wrong.sort(key=lambda item: (not item[1].lookalike, not (item[1].truth and item[1].found), item[0].sample.id))
    shown = _varied(wrong)
    for column, (one, mistake) in zip(st.columns(_CROPS // 2) * 2, shown, strict=False):
        with column:
            _mistake(folder, one, mistake)


def model_of(folder: Path, record: RunRecord) -> Predictor:
    """The model that is handed over, kept open between clicks.

    Raises:
        StepFailed: its weights are gone or damaged.
    """
    assert record.best is not None
    weights = folder / record.best.weights
    return _predictor(str(weights), _changed(weights))


@st.cache_resource(max_entries=2, show_spinner=False)
def _predictor(path: str, changed: float) -> Predictor:  # Streamlit leaves arguments with a leading underscore out
    """Two at most, so that many runs do not fill the memory; another one where the file has `changed`."""
    return Predictor.load(Path(path))


def _changed(path: Path) -> float:
    return path.stat().st_mtime if path.is_file() else 0.0


def _stamp(folder: Path, record: RunRecord) -> str:
    """Another one where anything is that images of results are made of."""
    best = record.best
    if best is None:
        return ""
    changes = Browser(folder).changes() if (folder / "dataset.sqlite").is_file() else (0, 0)  # of the truth beside it
    made = f"{len(record.rounds)}-{record.status}"  # a later round brings test images of its own
    return f"{best.round}-{best.threshold}-{_changed(folder / best.weights)}-{changes}-{made}"


# What was seen --------------------------------------------------------------------------------------------------------


def _confused(folder: Path, record: RunRecord) -> dict[tuple[str, str], int]:
    return dict(confusions(_kept(str(folder), _stamp(folder, record))))


@st.cache_data(max_entries=8, show_spinner=False)
def _kept(folder: str, stamp: str) -> list[SeenImage]:
    """Answers on the images that decide, as the run kept them."""
    if not stamp:
        return []
    from tools.runs.runtime import read_record

    return kept_answers(Path(folder), read_record(Path(folder)), session.settings().evaluation.match_iou)


def _seen(folder: Path, record: RunRecord, which: str) -> list[SeenImage]:
    """Answers of the model on test images, asked once for each model."""
    stamp = _stamp(folder, record)
    if not _changed(folder / (record.best.weights if record.best else "")):
        return []
    with st.spinner(t("looking")):
        return _asked(str(folder), stamp, which)


@st.cache_data(max_entries=8, show_spinner=False)
def _asked(folder: str, stamp: str, which: str) -> list[SeenImage]:
    """Of test images or photos; asked anew where the `stamp` is another."""
    from tools.runs.runtime import read_record

    place = Path(folder)
    record = read_record(place)
    samples = _rendered(place) if which == _SYNTHETIC else _own(record)
    if not samples or record.best is None:
        return []
    settings = session.settings()
    return look_all(
        model_of(place, record), samples, place, record.best.threshold, settings.evaluation.match_iou, _LOOKED
    )


def _rendered(folder: Path) -> list[Sample]:
    if not (folder / "dataset.sqlite").is_file():
        return []
    dataset = Dataset(folder)
    try:
        found = list(dataset.samples(verdict="kept", split="test"))
    finally:
        dataset.close()
    return [s for s in found if s.instances or s.label] or found


def _own(record: RunRecord) -> list[Sample]:
    """The person's labelled photos that test; none where they cannot be read any more."""
    if record.real is None or record.task is None:
        return []
    settings = session.settings()
    try:
        return load_real(
            Path(record.real), record.task, settings.evaluation.real_val_share, settings.evaluation.class_map
        ).test
    except (SightsmithError, OSError):
        return []


# Drawn ----------------------------------------------------------------------------------------------------------------


def _pairs(folder: Path, record: RunRecord, seen: list[SeenImage]) -> None:
    """Truth and answer side by side: a good one, a usual one, a bad one."""
    ordered = sorted(seen, key=lambda s: (len(s.mistakes), -s.right, s.sample.id))
    chosen = [ordered[k] for k in sorted({0, len(ordered) // 2, len(ordered) - 1})][:_PAIRS]
    names = widgets.class_names(record)
    for one in chosen:
        try:
            image = read_image(folder / one.sample.image)
        except SightsmithError:
            continue
        if one.sample.label is not None:
            small, _ = shrunk(image, [], _SIDE_PX)
            told = t("sees_named", truth=one.sample.label, said=one.said)
            st.image(jpeg(small), caption=widgets.label(told), alt=told)
            continue
        colours = colours_for(image, [*one.sample.instances, *one.found], names)
        said = t("pair_caption", remark=_remark(one))
        both = _side_by_side([_drawn(image, part, colours) for part in (one.sample.instances, one.found)])
        st.image(jpeg(both), caption=widgets.label(said), alt=said, width="stretch")


def _side_by_side(images: list[ImageArray]) -> ImageArray:
    """One image of several of equal height: they stay beside each other on a narrow page too."""
    gap = np.full((images[0].shape[0], _GAP_PX, 3), 128, np.uint8)
    return np.concatenate([part for one in images for part in (one, gap)][:-1], axis=1)


def _drawn(image: ImageArray, instances: list[Instance], colours: Colours) -> ImageArray:
    small, moved = shrunk(image, instances, _SIDE_PX, grow=True)
    return outlined(small, moved, colours)


def _remark(one: SeenImage) -> str:
    """What became of an image, in words."""
    missed = sum(not m.found for m in one.mistakes)
    wrong = sum(bool(m.found) for m in one.mistakes)
    total = len(one.sample.instances)
    parts = [t("remark_found", right=one.right, total=total)] if total else [t("remark_empty")]
    parts += [t("remark_missed", count=missed)] if missed else []
    parts += [t("remark_wrong", count=wrong)] if wrong else []
    return t("comma").join(parts)


def _varied(wrong: list[tuple[SeenImage, Mistake]]) -> list[tuple[SeenImage, Mistake]]:
    """Mistakes of as many kinds as there are, then more of each."""
    kinds: dict[tuple[str, str], list[tuple[SeenImage, Mistake]]] = {}
    for item in wrong:
        kinds.setdefault((item[1].lookalike or item[1].truth, item[1].found), []).append(item)
    rows = list(kinds.values())
    return [row[k] for k in range(_CROPS) for row in rows if k < len(row)][:_CROPS]


def _mistake(folder: Path, one: SeenImage, mistake: Mistake) -> None:
    try:
        image = read_image(folder / one.sample.image)
    except SightsmithError:
        return
    part, box = crop(image, mistake.box, _CROP_PX)
    marked, said = Instance(class_name=mistake.found or mistake.truth, box=box), _mistake_words(mistake)
    drawn = outlined(part, [marked], colours_for(part, [marked], [marked.class_name]))
    st.image(jpeg(drawn), caption=widgets.label(said), alt=said)


def _mistake_words(mistake: Mistake) -> str:
    if not mistake.found:
        return t("mistake_missed", name=mistake.truth)
    real = mistake.lookalike or mistake.truth
    return t("mistake_taken", what=real, name=mistake.found) if real else t("mistake_nothing", name=mistake.found)


def _matrix(seen: list[SeenImage], names: list[str]) -> str:
    """Rows: what it is; columns: what the model said; the darker, the more often (HTML)."""
    counts = confusions(seen)
    columns = [*names, NOTHING]
    others = sorted({what for what, _ in counts if what not in names and what != NOTHING})
    rows = []
    for what in [*names, *others, NOTHING]:
        total = sum(counts[what, said] for said in columns)
        if not total:
            continue
        cells = "".join(_cell(counts[what, said], total, what == said) for said in columns)
        rows.append(f"<tr><th scope='row'>{escape(what or t('matrix_nothing'))}</th>{cells}</tr>")
    head = "".join(f"<th scope='col'>{escape(n or t('matrix_missed'))}</th>" for n in columns)
    return (
        f'<div class="ss-scroll"><table class="ss-table ss-matrix"><thead><tr><th>{escape(t("matrix_corner"))}</th>'
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(count: int, total: int, right: bool) -> str:
    """Its ground tells the share; the figure stands on it in the colour of text."""
    share = round(34 * count / total)
    colour = "var(--ss)" if right else "var(--ss-warn)"
    ground = f"background:color-mix(in srgb, {colour} {share}%, transparent)" if count else ""
    return f'<td style="{ground}">{count or "·"}</td>'
