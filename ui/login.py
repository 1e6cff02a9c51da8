"""Who may come in: everyone, unless a login (OIDC) is set up in Streamlit's secrets; see docs/login.md."""

import importlib.util
from pathlib import Path

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from agent.cli.serve import LOCAL
from tools.core.errors import StepFailed
from ui import session, widgets
from ui.session import t


def is_wanted() -> bool:
    """Whether a login is set up.

    Raises:
        StepFailed: there are secrets that cannot be read; a login may stand in them, so nobody is let in.
    """
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError as error:
        found = [path for path in st.get_option("secrets.files") if Path(path).exists()]
        if found:
            raise StepFailed(t("login_broken", path=found[0])) from error
        return False


def is_shared() -> bool:
    """Whether others than the owner of this machine may be at the page: by a login, or from other machines."""
    try:
        return st.get_option("server.address") not in LOCAL or is_wanted()
    except StepFailed:
        return True


def let_in() -> bool:
    """Whether the person may go on; draws the login where not."""
    try:
        if not is_wanted():
            return True
    except StepFailed as error:
        widgets.say("error", str(error))
        return False
    if not st.user.get("is_logged_in", False):
        widgets.header("Sightsmith", t("login_about"))
        if importlib.util.find_spec("authlib") is None:
            widgets.say("error", t("login_missing"))
        else:
            st.button(t("login"), on_click=st.login, type="primary", key="login")
        return False
    if not may_use(str(st.user.get("email") or ""), st.user.get("email_verified"), session.settings().ui.users):
        widgets.header("Sightsmith", t("login_refused", who=st.user.get("email") or "?"))
        st.button(t("logout"), on_click=st.logout, key="logout")
        return False
    return True


def may_use(email: str, verified: object, users: list[str]) -> bool:
    """Whether an account is among those that are let in.

    Args:
        email: as the issuer says.
        verified: the issuer's word on it; an address it calls unproven counts for nothing.
        users: addresses, or domains as "@example.org"; empty: everyone whom the issuer knows.
    """
    if not users:
        return True
    if verified is False or "@" not in email:
        return False
    known = {user.strip().casefold() for user in users}
    address = email.casefold()
    return address in known or f"@{address.rpartition('@')[2]}" in known


def leave() -> None:
    """The way out, in the side bar, for who came in by a login."""
    if is_wanted() and st.user.get("is_logged_in", False):
        st.button(t("logout"), icon=":material/logout:", on_click=st.logout, key="logout", width="stretch")
