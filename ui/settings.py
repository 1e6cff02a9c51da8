"""Settings: the language model of this session, the profile, and limits for the runs to come."""

import streamlit as st

from tools.core.settings import EFFORTS
from ui import session, widgets
from ui.session import t

_MODEL_NAMES = ("OPENAI_BASE_URL", "OPENAI_MODEL", "OPENAI_API_KEY")  # of the environment of a run's process
_IMAGE_URL, _IMAGE_KEY = "SIGHTSMITH_IMAGE_BASE_URL", "SIGHTSMITH_IMAGE_API_KEY"
_SERVICE = "openai_images"
_PROFILES = ("auto", "offline")
_SIZES = (128, 192, 256, 320, 416, 512, 640)  # pixels; multiples of 32


def render() -> None:
    """The page."""
    widgets.header(t("settings_title"), t("settings_about"))
    with widgets.told():
        _model()
    with widgets.told():
        _image_service()
    with widgets.told():
        _limits()


def _model() -> None:
    st.header(t("language_model"), anchor=False)
    known = session.connection()
    with st.form("connection_form", clear_on_submit=True):
        url = _endpoint("endpoint", known.get("OPENAI_BASE_URL", ""), "http://127.0.0.1:11434/v1")
        model = st.text_input(t("model_name"), value=known.get("OPENAI_MODEL", ""), key="model_name", max_chars=120)
        key = _key("api_key", "OPENAI_API_KEY" in known)
        saved, forgot = _buttons()
    if forgot:
        session.set_connection(dict.fromkeys(_MODEL_NAMES, ""))
        st.rerun()
    if saved and _is_address(url):
        given = {"OPENAI_BASE_URL": url, "OPENAI_MODEL": model} | ({"OPENAI_API_KEY": key} if key else {})
        session.set_connection(given)
        st.rerun()
    widgets.plain(t("key_note"), "small")


def _image_service() -> None:
    """Images of a service instead of rendered ones; its key is kept like the language model's."""
    known, chosen = session.connection(), st.session_state.setdefault("defaults", {})
    defaults = session.settings()
    paid = chosen.get("image_price", defaults.image.price)
    st.header(t("image_service"), anchor=False)
    if chosen.get("generator") == _SERVICE:
        widgets.say("info", t("image_service_on"))
    with (
        st.expander(t("image_service_open"), icon=":material/brush:"),
        st.form("image_form", clear_on_submit=True, border=False),
    ):
        widgets.plain(t("image_service_about"), "small")
        url = _endpoint("image_endpoint", known.get(_IMAGE_URL, ""), "https://api.openai.com/v1")
        left, right = st.columns(2)
        model = left.text_input(t("model_name"), value=chosen.get("image_model") or defaults.image.model,
                                key="image_model", max_chars=120)  # fmt: skip
        price = right.number_input(t("image_price"), min_value=0.0, value=paid, step=0.001, format="%.4f",
                                   key="image_price")  # fmt: skip
        key = _key("image_key", _IMAGE_KEY in known)
        saved, forgot = _buttons()
    if forgot:
        session.set_connection({_IMAGE_URL: "", _IMAGE_KEY: ""})
        chosen.update(dict.fromkeys(("generator", "image_model", "image_price")))
        st.rerun()
    if saved and _is_address(url):
        if price is None:
            widgets.say("warning", t("no_price"))
            return
        session.set_connection({_IMAGE_URL: url} | ({_IMAGE_KEY: key} if key else {}))
        chosen.update(generator=_SERVICE, image_model=model.strip() or defaults.image.model, image_price=price)
        st.rerun()


def _endpoint(key: str, value: str, example: str) -> str:
    return st.text_input(t("endpoint"), value=value, placeholder=example, key=key, max_chars=400)


def _key(key: str, known: bool) -> str:
    """Never filled in again: what was typed goes to the session and is not sent back to the browser."""
    hint = t("key_known") if known else t("key_hint")
    return st.text_input(t("key"), type="password", key=key, placeholder=hint, autocomplete="off", max_chars=400)


def _buttons() -> tuple[bool, bool]:
    with st.container(horizontal=True):
        return st.form_submit_button(t("use"), type="primary"), st.form_submit_button(t("forget"))


def _is_address(url: str) -> bool:
    if url.strip() and not url.strip().startswith(("http://", "https://")):
        widgets.say("warning", t("bad_endpoint"))
        return False
    return True


def _limits() -> None:
    st.header(t("for_new_runs"), anchor=False)
    defaults = session.settings()
    chosen = st.session_state.setdefault("defaults", {})
    left, right = st.columns(2)
    with left:
        chosen["profile"] = st.segmented_control(
            t("profile"), _PROFILES, format_func=lambda p: t(f"profile_{p}"),
            default=chosen.get("profile") or defaults.profile, key="set_profile",
        ) or defaults.profile  # fmt: skip
        widgets.plain(t(f"profile_{chosen['profile']}_about"), "small")
        sizes = sorted({*_SIZES, defaults.size_px})
        chosen["size_px"] = st.select_slider(
            t("size"), sizes, value=chosen.get("size_px") or defaults.size_px, key="set_size"
        )
    with right:
        chosen["seed"] = int(
            st.number_input(t("seed"), 0, 2**31 - 1, chosen.get("seed") or defaults.seed, key="set_seed")
        )
        rows = [[t(f"effort_{name}"), str(level.images), str(level.rounds), str(level.epochs)]
                for name, level in EFFORTS.items()]  # fmt: skip
        st.html(widgets.table([t("effort"), t("images"), t("rounds"), t("epochs")], rows))
    st.html(widgets.facts([(t("runs_folder"), session.runs_dir().resolve())]))
