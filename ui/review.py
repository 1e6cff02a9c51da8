"""Correct: look at pictures, least certain first; accept, reject, relabel, delete, or click a new mask."""

import logging
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import streamlit as st

from tools import review
from tools.data.browse import Browser
from tools.data.dataset import Dataset
from tools.data.pictures import read_picture
from tools.data.sample import BoolMask, Sample
from tools.errors import SightsmithError, StepFailed
from tools.photo_sets import PhotoSet, list_sets, write_labels
from tools.pictures_of import large_picture
from tools.predict import class_colour
from tools.prompted_mask import Engine, Prompt, load_sam, mask_of, sam_of
from ui import session, widgets
from ui.clicker import Click, clicker
from ui.session import t

log = logging.getLogger(__name__)


@dataclass
class _Work:
    """What is being done to one picture and not saved yet."""

    sample_id: str = ""
    chosen: int | None = None
    box: tuple[float, float, float, float] | None = None
    inside: list[tuple[float, float]] = field(default_factory=list)
    outside: list[tuple[float, float]] = field(default_factory=list)
    mask: BoolMask | None = None
    skipped: list[str] = field(default_factory=list)
    problem: str = ""


def render() -> None:
    """The page."""
    widgets.header(t("review_title"), t("review_about"))
    with widgets.told():
        place = _place()
        if place is None:
            return
        folder, names, photos = place
        dataset = Dataset(folder)
        try:
            _review(folder, dataset, names, photos)
        finally:
            dataset.close()


def _place() -> tuple[Path, list[str], PhotoSet | None] | None:
    """What is looked through: the run's pictures, or a set of photos to be labelled."""
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
    done, left = Browser(folder).reviewed()
    with st.container(horizontal=True, vertical_alignment="center"):
        widgets.plain(t("reviewed", done=done, left=left), "small")
        if st.button(t("undo"), icon=":material/undo:", key="undo", shortcut="u", disabled=not done):
            taken = review.undo(dataset)
            works[str(folder)] = _Work(sample_id=taken.sample_id, skipped=work.skipped)
            st.rerun()
        if photos is not None and st.button(t("use_labels"), key="use_labels", disabled=not done, type="primary"):
            widgets.say("success", t("labels_written", count=write_labels(folder)))
    sample = dataset.sample(work.sample_id) if work.sample_id else None
    if sample is None:
        ahead = review.next_samples(folder, 1, skip=work.skipped)
        if not ahead:
            widgets.empty(t("review_done"), t("review_done_about") if photos is None else t("review_done_photos"))
            return
        sample = ahead[0]
        works[str(folder)] = work = _Work(sample_id=sample.id, skipped=work.skipped)
    left_side, right_side = st.columns([3, 2])
    with left_side:
        _picture(folder, dataset, sample, names, work)
    with right_side:
        _verdict(dataset, sample, works, str(folder))
        _labels(dataset, sample, names, work)


# The picture ----------------------------------------------------------------------------------------------------------


def _picture(folder: Path, dataset: Dataset, sample: Sample, names: list[str], work: _Work) -> None:
    shown = large_picture(folder, sample, names, pending=work.mask, chosen=work.chosen)
    event = clicker(
        shown, sample.width, sample.height, t("click_hint"), picture=sample.id, key=f"clicker-{folder.name}"
    )
    if event is not None:
        _take(folder, sample, work, event)
        st.rerun()
    if work.problem:
        widgets.say("warning", work.problem)
    if work.mask is not None:
        _keep_mask(dataset, sample, names, work)


def _take(folder: Path, sample: Sample, work: _Work, event: Click) -> None:
    """A click chooses an object that is there, or asks for a mask; a drag asks for one; more clicks mend it."""
    work.problem = ""
    if event.kind == "box":
        (x1, y1), (x2, y2) = event.points
        work.box, work.inside, work.outside = (x1, y1, x2, y2), [], []
    else:
        (point,) = event.points
        hit = review.object_at(sample, *point)
        if work.mask is None and hit is not None and not event.outside:
            work.chosen = None if work.chosen == hit else hit
            return
        (work.outside if event.outside else work.inside).append(point)
    try:
        prompt = Prompt(work.box, work.inside, work.outside)
        with st.spinner(t("cutting")):
            work.mask = mask_of(read_picture(folder / sample.image), prompt, _engine())
    except SightsmithError as error:
        _forget(work)
        work.problem = str(error)


def _engine() -> Engine | None:
    """Segment Anything where its weights are at hand and can be read; None: GrabCut, which needs none."""
    model = sam_of(session.settings())
    return None if model is None else _sam(model)


@st.cache_resource(max_entries=1, show_spinner=False)
def _sam(model: str) -> Engine | None:
    """One for all sessions. Weights that cannot be read are looked at once, not at every click."""
    try:
        return load_sam(model, session.settings())
    except StepFailed as error:
        log.warning("%s; masks are cut by GrabCut", error)
        return None


def _keep_mask(dataset: Dataset, sample: Sample, names: list[str], work: _Work) -> None:
    with st.container(border=True):
        widgets.plain(t("mask_proposed"), "small")
        name = st.radio(t("class"), names, horizontal=True, key="mask_class", format_func=widgets.label) or names[0]
        with st.container(horizontal=True):
            if st.button(t("keep_mask"), type="primary", key="keep_mask", shortcut="k"):
                mask = work.mask
                assert mask is not None
                review.add(dataset, sample, mask, name, replacing=work.chosen)
                _forget(work)
                st.rerun()
            if st.button(t("discard_mask"), key="discard_mask", shortcut="q"):
                _forget(work)
                st.rerun()


def _forget(work: _Work) -> None:
    work.box, work.inside, work.outside, work.mask, work.chosen, work.problem = None, [], [], None, None, ""


# What can be said about it --------------------------------------------------------------------------------------------


def _verdict(dataset: Dataset, sample: Sample, works: dict[str, _Work], key: str) -> None:
    work = works[key]
    # Named after the picture: a key pressed for the one before, late, is not taken for this one.
    with st.container(horizontal=True):
        if st.button(t("accept"), type="primary", icon=":material/check:", key=f"accept-{sample.id}", shortcut="a"):
            review.accept(dataset, sample)
            works[key] = _Work(skipped=work.skipped)
            st.rerun()
        if st.button(t("reject"), icon=":material/close:", key=f"reject-{sample.id}", shortcut="x"):
            review.reject(dataset, sample)
            works[key] = _Work(skipped=work.skipped)
            st.rerun()
        if st.button(t("later"), key=f"later-{sample.id}", shortcut="s"):
            works[key] = _Work(skipped=[*work.skipped, sample.id])
            st.rerun()
    quality = "—" if sample.quality is None else f"{sample.quality:.2f}"
    widgets.plain(t("about_picture", quality=quality, verdict=t(f"verdict_{sample.verdict}")), "small")


def _labels(dataset: Dataset, sample: Sample, names: list[str], work: _Work) -> None:
    if sample.label is not None:
        chosen = st.radio(t("class"), names, index=names.index(sample.label) if sample.label in names else None,
                          key=f"label-{sample.id}", format_func=widgets.label)  # fmt: skip
        if chosen is not None and chosen != sample.label:
            review.relabel_picture(dataset, sample, chosen)
            st.rerun()
        return
    if not sample.instances:
        widgets.plain(t("no_labels"), "small")
    for position, instance in enumerate(sample.instances):
        dot = f'<i class="ss-dot" style="background:rgb{class_colour(instance.class_name, names)}"></i>'
        with st.container(horizontal=True, vertical_alignment="center", border=work.chosen == position):
            st.html(f"<div>{dot}{escape(instance.class_name)} <small>· {escape(instance.source)}</small></div>")
            if st.button("", icon=":material/ads_click:", key=f"choose-{position}", help=t("choose"), type="tertiary"):
                work.chosen = None if work.chosen == position else position
                st.rerun()
            shortcut = "d" if work.chosen == position else None
            if st.button("", icon=":material/delete:", key=f"delete-{position}", help=t("delete_label"),
                         type="tertiary", shortcut=shortcut):  # fmt: skip
                review.delete(dataset, sample, position)
                _forget(work)
                st.rerun()
        if work.chosen == position and len(names) > 1:
            others = st.pills(t("relabel"), [n for n in names if n != instance.class_name], key=f"relabel-{position}",
                              format_func=widgets.label)  # fmt: skip
            if others:
                review.relabel(dataset, sample, position, others)
                st.rerun()
