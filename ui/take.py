"""Take: weights, data set and report to download, how to use them elsewhere, and the model's card."""

from pathlib import Path

import streamlit as st

from agent import detached
from tools.page.downloads import Download, downloads
from tools.runs.runtime import RunRecord
from ui import howto, plain_words, widgets
from ui.session import t

_CARD = Path("export") / "README.md"


def render() -> None:
    """The page."""
    found = widgets.open_model_page(t("take_title"), t("take_about"))
    if found is None:
        return
    folder, record = found
    with widgets.told():
        _files(folder, record)
    with widgets.told():
        howto.render(folder, record)
    with widgets.told():
        _card(folder, record)


def _files(folder: Path, record: RunRecord) -> None:
    st.header(t("files"), anchor=False)
    found = downloads(folder, record)
    for group in ("model", "dataset", "report"):
        listed = [d for d in found if d.group == group]
        if not listed:
            continue
        widgets.plain(t(f"files_{group}"), "small")
        with st.container(horizontal=True):
            for item in listed:
                _button(item)
        if group == "model":
            widgets.plain(t("files_model_about"), "small")
    if record.status != "running" and not all(any(d.group == g for d in found) for g in ("model", "dataset")):
        widgets.plain(t("no_export"), "small")
        if st.button(t("export_now"), key="export_now"):
            detached.export(folder)
            st.rerun()
    elif record.status == "running":
        widgets.say("info", t("export_running"))
    widgets.plain(t("licence_note"), "small")


def _button(item: Download) -> None:
    size = f"{item.bytes / 10**6:.1f} MB" if item.bytes >= 10**5 else f"{max(1, item.bytes // 1000)} kB"
    st.download_button(
        f"{widgets.label(item.title)}  ·  {size}", data=item.open, file_name=item.file_name, mime=item.mime,
        key=f"get-{item.file_name}", icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def _card(folder: Path, record: RunRecord) -> None:
    """What the model is for, how good it is, and on what that was measured; the card that goes with it, whole."""
    st.header(t("card_title"), anchor=False)
    told = plain_words.of_run(record)
    kept, made = record.images
    rows: list[tuple[str, object]] = [
        (t("card_finds"), ", ".join(widgets.class_names(record))),
        (t("plan_kind"), t(f"kind_{record.task.kind}") if record.task else "—"),
        (t("card_learnt"), t("card_learnt_shown") if record.few else t("card_learnt_drawn", kept=kept, made=made)),
    ]
    if told is not None:
        rows += [(t("card_can"), " ".join(told.lines)), (t("card_measured"), told.caution)]
    rows += [(t("card_licence"), "AGPL-3.0-or-later")]
    st.html(widgets.facts(rows))
    path = folder / _CARD
    if path.is_file():
        with st.expander(t("card_whole"), icon=":material/description:"):
            st.markdown(path.read_text(encoding="utf-8", errors="replace"))
