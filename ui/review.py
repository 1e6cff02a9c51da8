"""Correct: look at images, first where it changes most; accept, reject, flag, relabel, delete, draw or paint a mask.

What is pressed is done before the page is drawn (callbacks), so that each press costs one drawing and no key is lost
between two of them. A callback works on the image as it is then, not as it was drawn.
"""

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from agent import detached
from tools.annotators.prompted_mask import MaskEngine, Prompt, load_sam, mask_of, sam_of
from tools.core.errors import SightsmithError, StepFailed
from tools.data.dataset import Dataset
from tools.data.images import read_image
from tools.data.sample import BoolMask, Sample, decode_mask, encode_mask
from tools.models.drawing import class_colour
from tools.page import brush, review
from tools.page.browse import WAITS, Browser, Filter
from tools.page.images_of import large_image
from tools.runs.photo_sets import PhotoSet, list_sets, write_labels
from tools.runs.runtime import read_record
from ui import login, plain_words, review_tasks, session, widgets
from ui.clicker import Click, Words, clicker
from ui.gallery import source
from ui.session import t

log = logging.getLogger(__name__)
_STROKES_BACK = 50  # that can be taken back


@dataclass
class _Work:
    """What is being done to one image and not saved yet."""

    sample_id: str = ""
    chosen: int | None = None
    box: tuple[float, float, float, float] | None = None
    inside: list[tuple[float, float]] = field(default_factory=list)
    outside: list[tuple[float, float]] = field(default_factory=list)
    mask: BoolMask | None = None
    skipped: list[str] = field(default_factory=list)
    problem: str = ""
    past: list[str | None] = field(default_factory=list)  # the mask before each stroke of the brush, as run lengths
    clicks: int = 0  # on the image, so that the browser hears when one is done
    flagged: bool = False  # those are looked through that somebody should look at again


def render() -> None:
    """The page."""
    widgets.header(t("review_title"), t("review_about"))
    with st.expander(t("review_keys"), icon=":material/keyboard:"):
        widgets.plain(t("review_keys_about"), "small")
    with widgets.told():
        place = _place()
        if place is None:
            return
        folder, names, photos = place
        with closing(Dataset(folder)) as dataset:
            _review(folder, dataset, names, photos)


def _place() -> tuple[Path, list[str], PhotoSet | None] | None:
    """What is looked through: the run's images, or a set of photos to be labelled."""
    sets = {folder.name: (folder, about) for folder, about in list_sets(session.runs_dir()) if about.bare}
    run = session.run_name()
    options = ([""] if run else []) + list(sets)
    if not options:
        widgets.need_run()
        return None
    chosen = ""
    if sets:
        wanted = st.session_state.get("review_set")
        chosen = st.selectbox(
            t("review_what"), options, index=options.index(wanted) if wanted in options else 0, key="review_box",
            format_func=lambda name: t("review_run", run=run) if not name else t("review_photos", name=name),
        )  # fmt: skip
        st.session_state["review_set"] = chosen
    if chosen:
        return sets[chosen][0], sets[chosen][1].classes, sets[chosen][1]
    found = widgets.need_run()
    if found is None:
        return None
    folder, record = found
    if record.task is None or not (folder / "dataset.sqlite").is_file() or not Browser(folder).facets().total:
        widgets.empty(t("no_pictures"), t("no_pictures_about"))
        return None
    if record.status == "running":
        widgets.say("info", t("review_running"))
    return folder, record.task.class_names, None


def _review(folder: Path, dataset: Dataset, names: list[str], photos: PhotoSet | None) -> None:
    works: dict[str, _Work] = st.session_state.setdefault("review", {})
    work = works.setdefault(str(folder), _Work())
    wanted = st.session_state.pop("review_first", None)  # a photo that was just said to be wrong
    if wanted is not None and wanted[0] == str(folder):
        works[str(folder)] = work = _Work(sample_id=wanted[1], skipped=work.skipped)
    flagged = dataset.flagged()
    work.flagged = work.flagged and bool(flagged)  # the last of them was decided: on with the rest
    why = {} if photos is not None else _worth(str(folder), _stamp(folder))
    _bar(folder, works, work, flagged, photos)
    sample = dataset.sample(work.sample_id) if work.sample_id else None
    if sample is None:
        sample = _next(folder, dataset, work, list(flagged) if work.flagged else list(why))
        if sample is None:
            widgets.empty(t("review_done"), t("review_done_about") if photos is None else t("review_done_photos"))
            review_tasks.open_list(folder, names, why, "")
            return
        works[str(folder)] = work = _Work(sample_id=sample.id, skipped=work.skipped, flagged=work.flagged)
    review_tasks.open_list(folder, names, why, sample.id)
    left_side, right_side = st.columns([3, 2])
    with left_side:
        _image(folder, sample, names, work)
    with right_side:
        reason = flagged[sample.id] or t("flagged") if sample.id in flagged else t(f"why_{_why(sample, why, photos)}")
        widgets.plain(reason, "small")
        _verdict(folder, sample, works)
        _labels(folder, sample, names, work)


def _bar(
    folder: Path, works: dict[str, _Work], work: _Work, flagged: dict[str, str], photos: PhotoSet | None
) -> None:  # fmt: skip
    """How far it is, the latest change taken back, flags, who looks, and the trail of changes."""
    done, left = Browser(folder).reviewed()
    with st.container(horizontal=True, vertical_alignment="center"):
        widgets.plain(t("reviewed", done=done, left=left), "small")
        st.button(
            t("undo"), icon=":material/undo:", key="undo", shortcut="u", disabled=not (done or flagged or work.past),
            on_click=_undo, args=(folder, works),
        )  # fmt: skip
        if photos is not None and st.button(t("use_labels"), key="use_labels", disabled=not done, type="primary"):
            widgets.say("success", t("labels_written", count=write_labels(folder)))
        if flagged:
            only = st.toggle(t("only_flagged", count=len(flagged)), key="only_flagged", value=work.flagged)
            if only != work.flagged:
                works[str(folder)] = _Work(flagged=only)
                st.rerun()
    with st.expander(t("audit_title"), icon=":material/history_edu:"):
        widgets.plain(t("audit_about"), "small")
        if not login_name():
            st.text_input(t("reviewer"), key="reviewer_box", max_chars=60, value=st.session_state.get("reviewer", ""),
                          on_change=_named)  # fmt: skip
        review_tasks.trail_button(folder)
    if photos is None and done and not detached.is_alive(folder):
        _learn(folder, done)


def _learn(folder: Path, done: int) -> None:
    """The next round, trained with what was changed; never begun by itself."""
    if st.button(t("learn_now", count=done), key="learn_now", icon=":material/replay:", help=t("one_more_round_help")):
        detached.go_on(folder, session.connection(), more_rounds=1, visitor=login.is_shared())
        session.go("chat")


def login_name() -> str:
    """The address of who came in by a login; empty without one."""
    if not login.is_wanted():
        return ""
    return str(st.user.get("email") or "")


def _by() -> str:
    return login_name() or str(st.session_state.get("reviewer", ""))


def _named() -> None:
    st.session_state["reviewer"] = " ".join(str(st.session_state["reviewer_box"]).split())


def _stamp(folder: Path) -> str:
    """Another one where other images may come first."""
    best = read_record(folder).best
    return f"{best.round if best else 0}-{Browser(folder).count(Filter(reason=WAITS, corrected=False))}"


@st.cache_data(max_entries=8, show_spinner=False)
def _worth(folder: str, stamp: str) -> dict[str, review.Why]:
    place = Path(folder)
    return review.worth_first(place, read_record(place), session.settings().evaluation.match_iou)


def _next(folder: Path, dataset: Dataset, work: _Work, first: list[str]) -> Sample | None:
    """The next to look at: of those that come first, else the least certain of the others."""
    seen = dataset.corrected()
    for name in first:
        if name not in seen and name not in work.skipped and (sample := dataset.sample(name)) is not None:
            return sample
    if work.flagged:
        return None
    skipped = [*work.skipped, *dataset.flagged()]
    return next(iter(review.next_samples(folder, 1, skip=skipped)), None)


def _why(sample: Sample, why: dict[str, review.Why], photos: PhotoSet | None) -> str:
    if photos is not None:
        return "photo"
    return "brought" if sample.reasons == [WAITS] else why.get(sample.id, "uncertain")


# The image ----------------------------------------------------------------------------------------------------------


def _image(folder: Path, sample: Sample, names: list[str], work: _Work) -> None:
    shown = large_image(folder, sample, names, pending=work.mask, chosen=work.chosen)
    clicker(
        shown, sample.width, sample.height, t("click_hint"), image=sample.id, key=f"clicker-{folder.name}",
        words=_words(), done=work.clicks, about=f"{plain_words.labels_of(sample)}.",
        on_click=lambda click: _take(folder, sample, work, click),
    )  # fmt: skip
    if work.problem:
        widgets.say("warning", work.problem)
    if work.mask is not None:
        _keep_mask(folder, sample, names, work)


def _words() -> Words:
    return Words(t("zoom_in"), t("zoom_out"), t("draw_shape"), t("close_shape"), t("brush"), t("brush_erase"),
                 t("brush_adds"), t("brush_erases"), t("brush_smaller"), t("brush_larger"),
                 t("brush_hint"))  # fmt: skip


def _take(folder: Path, sample: Sample, work: _Work, click: Click) -> None:
    """A click chooses an object that is there, or asks for a mask; a drag asks for one; clicks or strokes mend it."""
    work.problem = ""
    work.clicks += 1
    if click.kind == "brush" or work.past:
        work.past = [*work.past, None if work.mask is None else encode_mask(work.mask)][-_STROKES_BACK:]
    if click.kind == "brush":
        work.mask = brush.paint(_being_painted(sample, work), click.strokes)
        return
    if click.kind == "polygon":
        work.mask = review.polygon_mask(click.points, sample.height, sample.width)
        work.box, work.inside, work.outside = None, [], []
        return
    if click.kind == "box":
        (x1, y1), (x2, y2) = click.points
        work.box, work.inside, work.outside = (x1, y1, x2, y2), [], []
    else:
        (point,) = click.points
        hit = review.object_at(sample, *point)
        if work.mask is None and hit is not None and not click.outside:
            work.chosen = None if work.chosen == hit else hit
            return
        (work.outside if click.outside else work.inside).append(point)
    try:
        prompt = Prompt(work.box, work.inside, work.outside)
        work.mask = mask_of(read_image(folder / sample.image), prompt, _engine())
    except (SightsmithError, OSError) as error:
        _forget(work)
        work.problem = widgets.explained(error)


def _being_painted(sample: Sample, work: _Work) -> BoolMask:
    """What strokes go on: the mask that is proposed, else that of the chosen object, else nothing."""
    if work.mask is not None:
        return work.mask
    chosen = None
    if work.chosen is not None and work.chosen < len(sample.instances):
        chosen = sample.instances[work.chosen].mask(sample.height, sample.width)
    return np.zeros((sample.height, sample.width), bool) if chosen is None else chosen


def _engine() -> MaskEngine | None:
    """Segment Anything where its weights are at hand and can be read; None: GrabCut, which needs none."""
    model = sam_of(session.settings())
    return None if model is None else _sam(model)


@st.cache_resource(max_entries=1, show_spinner=False)
def _sam(model: str) -> MaskEngine | None:
    """One for all sessions. Weights that cannot be read are looked at once, not at every click."""
    try:
        return load_sam(model, session.settings())
    except StepFailed as error:
        log.warning("%s; masks are cut by GrabCut", error)
        return None


def _keep_mask(folder: Path, sample: Sample, names: list[str], work: _Work) -> None:
    with st.container(border=True):
        widgets.plain(t("mask_proposed"), "small")
        st.radio(t("class"), names, horizontal=True, key=_class_key(work), format_func=widgets.label,
                 index=_class_of(sample, names, work))  # fmt: skip
        with st.container(horizontal=True):
            st.button(t("keep_mask"), type="primary", key="keep_mask", shortcut="k", on_click=_keep,
                      args=(folder, sample.id, names, work))  # fmt: skip
            st.button(t("discard_mask"), key="discard_mask", shortcut="q", on_click=_forget, args=(work,))


def _class_key(work: _Work) -> str:
    """Of an object that gets another mask the class stays, whatever was drawn before."""
    return "mask_class" if work.chosen is None else f"mask_class-{work.sample_id}-{work.chosen}"


def _class_of(sample: Sample, names: list[str], work: _Work) -> int:
    if work.chosen is None or work.chosen >= len(sample.instances):
        return 0
    name = sample.instances[work.chosen].class_name
    return names.index(name) if name in names else 0


def _keep(folder: Path, sample_id: str, names: list[str], work: _Work) -> None:
    mask, replacing = work.mask, work.chosen
    if mask is None:  # pressed twice
        return
    name = st.session_state.get(_class_key(work)) or names[0]
    if _change(folder, sample_id, work, lambda d, s: review.add(d, s, mask, name, replacing=replacing, by=_by())):
        _forget(work)


def _forget(work: _Work) -> None:
    work.box, work.inside, work.outside, work.mask, work.chosen, work.problem = None, [], [], None, None, ""
    work.past = []


# What can be said about it --------------------------------------------------------------------------------------------


def _change(folder: Path, sample_id: str, work: _Work, change: Callable[[Dataset, Sample], object]) -> bool:
    """Do something to an image as it is now; a refusal is said beside it, and what was begun is kept."""
    work.problem = ""
    try:
        with closing(Dataset(folder)) as dataset:
            sample = dataset.sample(sample_id)
            if sample is not None:
                change(dataset, sample)
            return sample is not None
    except (SightsmithError, OSError, sqlite3.DatabaseError) as error:
        work.problem = widgets.explained(error)
        return False


def _undo(folder: Path, works: dict[str, _Work]) -> None:
    """The last stroke that is not saved yet, else the last change that is."""
    work = works[str(folder)]
    if work.past and (sample := _as_it_is(folder, work.sample_id)) is not None:
        before = work.past.pop()
        work.mask = None if before is None else decode_mask(before, sample.height, sample.width)
        return
    try:
        with closing(Dataset(folder)) as dataset:
            taken = review.undo(dataset, by=_by())
        works[str(folder)] = _Work(sample_id=taken.sample_id, skipped=work.skipped)
    except (SightsmithError, OSError, sqlite3.DatabaseError) as error:
        work.problem = widgets.explained(error)


def _as_it_is(folder: Path, sample_id: str) -> Sample | None:
    with closing(Dataset(folder)) as dataset:
        return dataset.sample(sample_id)


def _verdict(folder: Path, sample: Sample, works: dict[str, _Work]) -> None:
    st.text_input(t("comment"), key=f"comment-{sample.id}", max_chars=300, placeholder=t("comment_hint"))
    # Named after the image: a key pressed for the one before, late, is not taken for this one.
    with st.container(horizontal=True):
        _decide(t("accept"), "accept", "a", folder, sample, works, type="primary", icon=":material/check:")
        _decide(t("reject"), "reject", "x", folder, sample, works, icon=":material/close:")
        _decide(t("flag"), "flag", "f", folder, sample, works, icon=":material/flag:", help=t("flag_help"))
        _decide(t("later"), "later", "s", folder, sample, works)
    quality = "—" if sample.quality is None else f"{sample.quality:.2f}"
    widgets.plain(t("about_picture", quality=quality, verdict=t(f"verdict_{sample.verdict}")), "small")


def _decide(
    name: str, decision: str, shortcut: str, folder: Path, sample: Sample, works: dict[str, _Work], **look: Any
) -> None:
    st.button(
        name, key=f"{decision}-{sample.id}", shortcut=shortcut, on_click=_decided,
        args=(decision, folder, sample.id, works), **look,
    )  # fmt: skip


def _decided(decision: str, folder: Path, sample_id: str, works: dict[str, _Work]) -> None:
    """An image is done with, or put off; the next one is chosen when the page is drawn."""
    work = works[str(folder)]
    told = {"by": _by(), "comment": " ".join(st.session_state.get(f"comment-{sample_id}", "").split())}
    deeds: dict[str, Callable[[Dataset, Sample], object]] = {
        "accept": lambda d, s: review.accept(d, s, **told),
        "reject": lambda d, s: review.reject(d, s, **told),
        "flag": lambda d, s: review.flag(d, s, **told),
        "later": lambda d, s: None,
    }
    if not _change(folder, sample_id, work, deeds[decision]):
        return
    put_off = [sample_id] if decision in ("flag", "later") else []
    works[str(folder)] = _Work(skipped=[*work.skipped, *put_off], flagged=work.flagged)


def _labels(folder: Path, sample: Sample, names: list[str], work: _Work) -> None:
    if sample.label is not None:
        key = f"label-{sample.id}"
        st.radio(
            t("class"), names, index=names.index(sample.label) if sample.label in names else None, key=key,
            format_func=widgets.label, on_change=_relabel_image, args=(folder, sample.id, work, key),
        )  # fmt: skip
        return
    if not sample.instances:
        widgets.plain(t("no_labels"), "small")
    for position, instance in enumerate(sample.instances):
        dot = f'<i class="ss-dot" style="background:rgb{class_colour(instance.class_name, names)}"></i>'
        with st.container(horizontal=True, vertical_alignment="center", border=work.chosen == position):
            number = position + 1  # tells its buttons from those of the others, by ear too
            st.html(
                f"<div>{dot}{number} · {escape(instance.class_name)} <small>· {escape(source(instance))}</small></div>"
            )
            st.button(f"{t('choose')} {number}", icon=":material/ads_click:", key=f"choose-{position}",
                      type="tertiary", on_click=_choose, args=(work, position))  # fmt: skip
            st.button(f"{t('delete_label')} {number}", icon=":material/delete:", key=f"delete-{position}",
                      type="tertiary", shortcut="d" if work.chosen == position else None, on_click=_delete,
                      args=(folder, sample.id, work, position))  # fmt: skip
        if work.chosen == position and len(names) > 1:
            key = f"relabel-{position}"
            st.pills(t("relabel"), [n for n in names if n != instance.class_name], key=key, format_func=widgets.label,
                     on_change=_relabel, args=(folder, sample.id, work, position, key))  # fmt: skip


def _choose(work: _Work, position: int) -> None:
    work.chosen = None if work.chosen == position else position


def _delete(folder: Path, sample_id: str, work: _Work, position: int) -> None:
    if _change(folder, sample_id, work, lambda d, s: review.delete(d, s, position, by=_by())):
        _forget(work)


def _relabel(folder: Path, sample_id: str, work: _Work, position: int, key: str) -> None:
    if name := st.session_state.get(key):
        _change(folder, sample_id, work, lambda d, s: review.relabel(d, s, position, name, by=_by()))


def _relabel_image(folder: Path, sample_id: str, work: _Work, key: str) -> None:
    if name := st.session_state.get(key):
        _change(folder, sample_id, work, lambda d, s: review.relabel_image(d, s, name, by=_by()))
