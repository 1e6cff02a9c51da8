"""See: every image of a run with its labels drawn in, filtered, a page at a time; and why images were dropped."""

from functools import partial
from html import escape
from pathlib import Path

import streamlit as st

from tools.core.errors import StepFailed
from tools.data.sample import Instance, Sample
from tools.models.drawing import class_colour
from tools.page.browse import Browser, Facets, Filter, SortOrder
from tools.page.images_of import large_image
from tools.page.thumbnails import thumbnail
from tools.runs.runtime import RunRecord
from ui import plain_words, session, widgets
from ui.grid import Tile, Turn, Words, grid, turn_of
from ui.session import t
from ui.texts import EN

_ORDERS: tuple[SortOrder, ...] = ("newest", "best", "worst", "uncertain")


def render() -> None:
    """The page."""
    found = widgets.open_page(t("gallery_title"), t("gallery_about"))
    if found is None:
        return
    folder, record = found
    with widgets.told():
        browser = Browser(folder)
        facets = _facets(str(folder), browser.changed_ns())
        if not facets.total:
            widgets.empty(t("no_pictures"), t("no_pictures_about"))
            return
        wanted, order, masks = _filters(facets, folder.name)
        _images(folder, record, wanted, order, masks)


@st.cache_data(max_entries=8, show_spinner=False)
def _facets(folder: str, changed_ns: int) -> Facets:
    """Counted once for each state of a data set."""
    return Browser(Path(folder)).facets()


def _filters(facets: Facets, run: str) -> tuple[Filter, SortOrder, bool]:
    verdicts = list(facets.verdicts)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        verdict = None
        if len(verdicts) > 1:
            verdict = st.pills(
                t("verdict"), verdicts, format_func=lambda v: f"{t(f'verdict_{v}')} {facets.verdicts[v]}",
                key=f"g-verdict-{run}",
            )  # fmt: skip
        order = st.selectbox(t("order"), _ORDERS, format_func=lambda o: t(f"order_{o}"), key="g-order", width=190)
        masks = st.toggle(t("show_masks"), value=True, key="g-masks")
    with st.expander(t("more_filters"), icon=":material/filter_alt:"):
        left, right = st.columns(2)
        rounds = sorted(facets.rounds)
        number = left.pills(t("rounds"), rounds, key=f"g-round-{run}") if len(rounds) > 1 else None
        name = left.selectbox(t("class"), list(facets.classes), index=None, placeholder=t("all"), key=f"g-class-{run}",
                              format_func=lambda c: f"{c} ({facets.classes[c]})")  # fmt: skip
        reason = left.selectbox(t("reason"), list(facets.reasons), index=None, placeholder=t("all"),
                                key=f"g-reason-{run}", format_func=lambda r: f"{r} ({facets.reasons[r]})")  # fmt: skip
        low, high = left.slider(t("quality"), 0.0, 1.0, (0.0, 1.0), 0.05, key=f"g-quality-{run}")
        corrected = left.toggle(t("only_corrected"), key=f"g-corrected-{run}")
        slices: dict[str, str] = {}
        for axis, values in facets.axes.items():
            chosen = right.selectbox(plain_words.axis(axis), list(values), index=None, placeholder=t("all"),
                                     key=f"g-axis-{axis}-{run}",
                                     format_func=partial(_counted, axis, values))  # fmt: skip
            if chosen is not None:
                slices[axis] = chosen
    wanted = Filter(
        verdict=verdict, round=number, class_name=name, reason=reason, slices=slices,
        quality=None if (low, high) == (0.0, 1.0) else (low, high), corrected=True if corrected else None,
    )  # fmt: skip
    return wanted, order, masks


def _counted(axis: str, values: dict[str, int], value: str) -> str:
    return f"{plain_words.where(f'{axis}={value}')} ({values[value]})"


@st.fragment
def _images(folder: Path, record: RunRecord, wanted: Filter, order: SortOrder, masks: bool) -> None:
    """The pages; drawn anew alone when one is turned or an image is opened."""
    with widgets.told():
        browser, size = Browser(folder), session.settings().ui.page_size
        count = browser.count(wanted)
        pages = max(1, -(-count // size))
        names = widgets.class_names(record)
        asked, key = f"{wanted.model_dump_json()}{order}{masks}", f"g-grid-{folder.name}"
        here = _place(folder.name, asked)
        page = min(here.page, pages)
        found = {
            number: browser.page(wanted, order, (number - 1) * size, size)
            for number in sorted({page, *here.wanted})
            if number <= pages
        }
        st.session_state["g-place"] = Turn(page)  # what is sent once is not sent again
        chosen = st.session_state.get("g-open")
        opened = next((s for s in found[page] if s.id == chosen), None)
        if opened is not None:
            _details(folder, opened, names)
        _legend(names)
        words = Words(t("pictures_found", count=count), t("page_back"), t("page_next"), t("page"),
                      t("of_pages", pages=pages))  # fmt: skip
        tiles = {number: [_tile(folder, s, names, masks) for s in samples] for number, samples in found.items()}
        clicked = grid(tiles, page, pages, words, asked=asked, version=str(browser.changed_ns()), key=key,
                       on_turn=partial(_turned, key, asked))  # fmt: skip
        if clicked is not None:
            st.session_state["g-open"] = clicked
            st.rerun(scope="fragment")


def _place(run: str, asked: str) -> Turn:
    """Which page is in sight; what is asked anew begins at its first."""
    if st.session_state.get("g-asked") != (run, asked):
        st.session_state["g-asked"] = (run, asked)
        st.session_state["g-place"] = Turn(1)
    place: Turn = st.session_state["g-place"]
    return place


def _turned(key: str, asked: str) -> None:
    turn = turn_of(key, asked)
    if turn is not None:
        st.session_state["g-place"] = turn


def _tile(folder: Path, sample: Sample, names: list[str], masks: bool) -> Tile:
    try:
        content = thumbnail(folder, sample, session.settings().ui.thumbnail_px, names, labels=masks)
    except StepFailed:
        return Tile(sample.id, b"", t("picture_missing"), "", bad=True)
    if sample.verdict == "dropped":
        return Tile(sample.id, content, sample.reasons[0] if sample.reasons else t("verdict_dropped"), "", bad=True)
    quality = "" if sample.quality is None else t("quality_is", quality=f"{sample.quality:.2f}")
    return Tile(sample.id, content, sample.label or widgets.objects(len(sample.instances)), quality)


def _legend(names: list[str]) -> None:
    if len(names) > 1:
        dots = "".join(
            f'<span><i class="ss-dot" style="background:rgb{class_colour(n, names)}"></i>{escape(n)}</span>'
            for n in names
        )
        st.html(f'<div class="ss-chips">{dots}</div>')


def _details(folder: Path, sample: Sample, names: list[str]) -> None:
    with st.container(border=True):
        left, right = st.columns([3, 2])
        with left:
            said = plain_words.labels_of(sample)
            st.image(large_image(folder, sample, names), width="stretch", alt=said)
        with right:
            rows: list[tuple[str, object]] = [
                (t("verdict"), t(f"verdict_{sample.verdict}")),
                *((t("reason"), r) for r in sample.reasons),
                (t("quality"), "—" if sample.quality is None else f"{sample.quality:.2f}"),
                (t("rounds_one"), sample.round),
                (t("split"), t(f"split_{sample.split}") if sample.split else "—"),
                (t("engine"), sample.engine),
                *((plain_words.axis(k), plain_words.where(f"{k}={v}")) for k, v in sorted(sample.axes.items())),
            ]
            st.html(widgets.facts(rows))
            for instance in sample.instances:
                widgets.plain(f"{instance.class_name} · {source(instance)}", "small")
            st.button(t("close"), key="g-close", on_click=_open, args=(None,))


def source(instance: Instance) -> str:
    """Who says so, in words."""
    known = f"source_{instance.source}"
    return t(known) if known in EN else t("source_other", name=instance.source)


def _open(sample_id: str | None) -> None:
    st.session_state["g-open"] = sample_id
