"""Try it: camera, photos or a video; how many there are on top, outlines that can be seen, and "wrong: teach it"."""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import streamlit as st

from agent.report.charts import Line
from tools.core.errors import SightsmithError
from tools.data.images import IMAGE_SUFFIXES, ImageArray, decode_image
from tools.data.sample import Instance
from tools.data.videos import VIDEO_SUFFIXES, spread_frames
from tools.models.predict import Predictor
from tools.models.predict_files import unsure
from tools.page.outlines import colours_for, outlined
from tools.page.teach import coco_of, label_set, shrunk, teach
from tools.page.thumbnails import jpeg
from tools.page.tried_files import TriedImage, zipped
from tools.page.try_model import read_upload, try_model
from tools.runs.photo_sets import list_sets
from tools.runs.runtime import RunRecord
from ui import plain_words, results, session, widgets
from ui.session import t

_SOURCES = ("photos", "camera", "video")
_PHOTO_MB, _VIDEO_MB = 60, 500
_MOST_PHOTOS = 40  # of one upload: more are a set, brought and labelled as a whole
_KEPT_PX = 1600
_SHOWN = 8  # images before "show more"
_FRAMES = (12, 30, 60)


@dataclass(frozen=True)
class _Look:
    """One image that was tried, small enough to keep many."""

    key: str
    name: str
    content: bytes  # JPEG
    found: list[Instance] = field(default_factory=list)
    shares: dict[str, float] = field(default_factory=dict)
    at_s: float | None = None  # of a video

    def above(self, confidence: float) -> list[Instance]:
        return [i for i in self.found if i.score >= confidence]

    @property
    def image(self) -> ImageArray:
        return decode_image(self.content, self.name)


def render() -> None:
    """The page."""
    found = widgets.open_model_page(t("try_title"), t("try_about"))
    if found is None:
        return
    folder, record = found
    with widgets.told():
        looks = _brought(folder, record)
        if looks:
            _results(folder, record, looks)
    with widgets.told():
        _set_of_photos(folder, record)


# What is looked at ----------------------------------------------------------------------------------------------------


def _brought(folder: Path, record: RunRecord) -> list[_Look]:
    """What the person brought, looked at once each."""
    source = st.segmented_control(t("try_from"), _SOURCES, default=_SOURCES[0], key="try_source",
                                  format_func=lambda s: t(f"try_{s}")) or _SOURCES[0]  # fmt: skip
    if source == "video":
        return _video(folder, record)
    if source == "camera":
        widgets.plain(t("try_camera_about"), "small")
        taken = st.camera_input(t("try_camera"), key="try_shot", label_visibility="collapsed")
        files = [taken] if taken is not None else []
    else:
        kinds = sorted(s[1:] for s in IMAGE_SUFFIXES)
        files = st.file_uploader(t("try_choose"), type=kinds, key="try_photo", accept_multiple_files=True,
                                 max_upload_size=_PHOTO_MB) or []  # fmt: skip
        if len(files) > _MOST_PHOTOS:
            widgets.say("info", t("try_many", count=_MOST_PHOTOS))
    return list(_looked(folder, record, files[:_MOST_PHOTOS]))


def _looked(folder: Path, record: RunRecord, files: list[Any]) -> Iterator[_Look]:
    kept = _kept(record)
    model = None
    keys = {f"{file.file_id}" for file in files}
    for gone in [key for key in kept if key.split("/")[0] not in keys]:
        del kept[gone]
    for file in files:
        if file.file_id not in kept:
            with st.spinner(t("looking")):
                try:
                    model = model or results.model_of(folder, record)
                    image = read_upload(file.getvalue(), file.name)
                    kept[file.file_id] = _look(model, image, file.file_id, file.name)
                except SightsmithError as error:  # the others are looked at all the same
                    widgets.say("error", t("try_refused", name=file.name, why=error))
                    continue
        yield kept[file.file_id]


def _video(folder: Path, record: RunRecord) -> list[_Look]:
    widgets.plain(t("try_video_about"), "small")
    most = st.segmented_control(t("try_frames"), _FRAMES, default=_FRAMES[0], key="try_frames") or _FRAMES[0]
    file = st.file_uploader(t("try_video_file"), type=sorted(s[1:] for s in VIDEO_SUFFIXES), key="try_video_file",
                            max_upload_size=_VIDEO_MB)  # fmt: skip
    if file is None:
        return []
    kept = _kept(record)
    prefix = f"{file.file_id}/{most}/"
    known = [look for key, look in kept.items() if key.startswith(prefix)]
    if known:
        return known
    kept.clear()
    model, bar, looks = results.model_of(folder, record), st.progress(0.0, t("looking")), list[_Look]()
    with NamedTemporaryFile(suffix=Path(file.name).suffix) as copy:
        copy.write(file.getbuffer())
        copy.flush()
        for number, frame in enumerate(spread_frames(Path(copy.name), most, file.name), 1):
            looks.append(_look(model, frame.image, f"{prefix}{number}", _clock(frame.time_s), frame.time_s))
            bar.progress(min(1.0, number / most), t("looking"))
    bar.empty()
    kept |= {look.key: look for look in looks}  # all at once: half a video is not taken for the whole
    return looks


def _kept(record: RunRecord) -> dict[str, _Look]:
    """What was looked at in this session by this model."""
    mark = (record.name, record.best.weights if record.best else "")
    if st.session_state.get("tried_by") != mark:
        st.session_state["tried_by"], st.session_state["tried"] = mark, {}
    kept: dict[str, _Look] = st.session_state["tried"]
    return kept


def _look(model: Predictor, image: ImageArray, key: str, name: str, at_s: float | None = None) -> _Look:
    tried = try_model(model, image)
    small, found = shrunk(image, tried.found, _KEPT_PX)
    return _Look(key, name, jpeg(small), found, tried.shares, at_s)


# What was found -------------------------------------------------------------------------------------------------------


@st.fragment
def _results(folder: Path, record: RunRecord, looks: list[_Look]) -> None:
    """Counts, images and what can be done with them; drawn anew alone when a control is moved."""
    with widgets.told():
        if looks[0].shares:
            _named(folder, looks)
            return
        place = st.container()  # the count stands on top of what it is made by
        least = record.best.threshold if record.best else 0.25
        left, right = st.columns([3, 2], vertical_alignment="bottom")
        percent = left.slider(t("confidence"), 1, 99, min(99, max(1, round(100 * least))), 1, key="try_confidence",
                              format="%d %%", help=t("confidence_help"))  # fmt: skip
        named = right.toggle(t("try_labels"), value=False, key="try_labels")
        shown = [(look, look.above(percent / 100)) for look in looks]
        with place:
            _counts(record, shown)
        _doubt(shown)
        _save(record, shown, labels=named)
        _images(folder, record, shown, labels=named)


def _doubt(shown: list[tuple[_Look, list[Instance]]]) -> None:
    """Where the slider hides what is seen in most images, the value that shows it."""
    empty = [look for look, own in shown if not own]
    surest = [max(i.score for i in look.found) for look in empty if look.found]
    if (doubt := unsure(len(shown), len(empty), surest)) is not None:
        widgets.plain(t("try_unsure", percent=max(1, math.floor(100 * doubt["surest"]))), "small")


def _counts(record: RunRecord, shown: list[tuple[_Look, list[Instance]]]) -> None:
    names = widgets.class_names(record)
    each = [{n: sum(i.class_name == n for i in own) for n in names} for _, own in shown]
    video = shown[0][0].at_s is not None
    numbers = {n: [counts[n] for counts in each] for n in names}
    total = {n: max(own) if video else sum(own) for n, own in numbers.items()}
    said = plain_words.counted({n: c for n, c in total.items() if c or len(names) == 1}) or t("try_none")
    about = t("try_in_one") if len(shown) == 1 else t("try_in_video" if video else "try_in_many", count=len(shown))
    st.html(f'<div class="ss-count" role="status"><b>{escape(said)}</b><span>{escape(about)}</span></div>')
    if video and len(shown) > 1:
        lines = [Line(n, [(look.at_s or 0.0, float(c[n])) for (look, _), c in zip(shown, each, strict=True)])
                 for n in names]  # fmt: skip
        widgets.chart(lines, t("seconds"))


def _drawn(record: RunRecord, look: _Look, own: list[Instance], *, labels: bool) -> bytes:
    image, names = look.image, widgets.class_names(record)
    return jpeg(outlined(image, own, colours_for(image, own, names), names=names, labels=labels))


def _save(record: RunRecord, shown: list[tuple[_Look, list[Instance]]], *, labels: bool) -> None:
    """Everything as one zip, made when it is taken: images with outlines, counts as a table, labels as COCO."""

    def made() -> bytes:
        items = [TriedImage(k.name, k.content, _drawn(record, k, own, labels=labels), own) for k, own in shown]
        return zipped(items, widgets.class_names(record))

    st.download_button(
        t("try_save"), data=made, file_name=f"{record.name}-results.zip", mime="application/zip",
        icon=":material/save:", key="try_save", on_click="ignore",
    )  # fmt: skip


def _images(
    folder: Path, record: RunRecord, shown: list[tuple[_Look, list[Instance]]], *, labels: bool
) -> None:  # fmt: skip
    most = int(st.session_state.get("try_shown", _SHOWN))
    columns = st.columns(2) if len(shown) > 1 else [st.container()]
    for number, (look, own) in enumerate(shown[:most]):
        with columns[number % len(columns)]:
            counts = {n: sum(i.class_name == n for i in own) for n in widgets.class_names(record)}
            said = plain_words.counted({n: c for n, c in counts.items() if c}) or t("try_none")
            st.image(_drawn(record, look, own, labels=labels), width="stretch", alt=f"{look.name}: {said}")
            widgets.plain(f"{look.name} · {said}", "small")
            if st.button(t("teach"), icon=":material/school:", key=f"teach-{look.key}", help=t("teach_help")):
                _teach(folder, look, own)
    if len(shown) > most and st.button(t("show_more"), key="try_more"):
        st.session_state["try_shown"] = most + _SHOWN
        st.rerun(scope="fragment")


def _named(folder: Path, looks: Iterable[_Look]) -> None:
    """A model that gives one answer for an image."""
    for look in looks:
        st.image(look.content, width="stretch", alt=look.name)
        for name, share in sorted(look.shares.items(), key=lambda item: -item[1]):
            st.html(widgets.bar(share, f"{name} · {100 * share:.0f} %"))
        if st.button(t("teach"), icon=":material/school:", key=f"teach-{look.key}", help=t("teach_help")):
            _teach(folder, look, [], max(look.shares, key=lambda name: look.shares[name]))


def _teach(folder: Path, look: _Look, own: list[Instance], label: str | None = None) -> None:
    """Into the review, with what was found as a beginning."""
    sample = teach(folder, look.name, look.image, own, label)
    st.session_state["review_first"] = (str(folder), sample)
    st.session_state["review_set"] = ""
    session.go("review")


# Sets that were brought -----------------------------------------------------------------------------------------------


def _set_of_photos(folder: Path, record: RunRecord) -> None:
    """Photos of the page "Bring", labelled by this model."""
    sets = {about.name: (place, about) for place, about in list_sets(session.runs_dir()) if about.bare}
    if record.task is None or record.task.kind == "classify":
        return
    with st.expander(t("label_title"), icon=":material/sell:"):
        if not sets:
            widgets.plain(t("label_no_sets"), "small")
            if st.button(t("page_bring"), key="label_bring", icon=":material/upload:"):
                session.go("bring")
            return
        widgets.plain(t("label_about"), "small")
        chosen = st.selectbox(t("label_set"), list(sets), key="label_set")
        place, _ = sets[chosen]
        if st.button(t("label_now"), key="label_now", type="primary"):
            bar = st.progress(0.0, t("looking"))
            least = record.best.threshold if record.best else 0.25
            count = label_set(place, results.model_of(folder, record), least,
                              lambda done, of: bar.progress(done / of, f"{done} / {of}"))  # fmt: skip
            bar.empty()
            st.session_state["labelled_sets"] = {*st.session_state.get("labelled_sets", ()), chosen}
            widgets.say("success", t("label_done", count=count))
        if chosen in st.session_state.get("labelled_sets", ()):
            _labelled(place, chosen)


def _labelled(place: Path, name: str) -> None:
    with st.container(horizontal=True):
        if st.button(t("label_review"), key="label_review", icon=":material/fact_check:"):
            st.session_state["review_set"] = name
            session.go("review")
        st.download_button(
            t("label_take"), data=lambda: json.dumps(coco_of(place), ensure_ascii=False), file_name=f"{name}-coco.json",
            mime="application/json", key="label_take", icon=":material/download:", on_click="ignore",
        )  # fmt: skip


def _clock(at_s: float) -> str:
    return f"{int(at_s // 60)}:{at_s % 60:04.1f}"
