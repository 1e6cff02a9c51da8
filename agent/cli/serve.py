"""Start the server of the chat page; it takes the place of this process."""

import importlib.util
import logging
import os
import sys
import tomllib
from pathlib import Path

from tools.core.errors import StepFailed
from tools.core.processes import environment, module_command
from tools.core.settings import Settings

log = logging.getLogger(__name__)
# One calm accent, on which white has a contrast of 4.5 or more; both grounds are a shade off pure white and black.
THEMES = {
    "light": {
        "primaryColor": "#1f7a63", "backgroundColor": "#fbfbf9", "secondaryBackgroundColor": "#f1f2ee",
        "textColor": "#22282a", "borderColor": "#dcdfd8", "linkColor": "#1a6a56",
    },
    "dark": {
        "primaryColor": "#278066", "backgroundColor": "#15191a", "secondaryBackgroundColor": "#1e2425",
        "textColor": "#e6e9e7", "borderColor": "#343c3d", "linkColor": "#63c7aa",
    },
}  # fmt: skip
LOCAL = ("127.0.0.1", "localhost", "::1")


def server_options(host: str, port: int, settings: Settings, *, open_browser: bool) -> dict[str, object]:
    """What Streamlit is told: its own machine only, no telemetry, no developer's buttons, our colours."""
    options: dict[str, object] = {
        "server.address": host,
        "server.port": port,
        "server.headless": not open_browser,
        "server.maxUploadSize": settings.ui.upload_mb,
        "server.fileWatcherType": "none",
        # Each look at a run at work, one a second, would end in a third of a second of collecting, taken from training.
        "runner.postScriptGC": False,
        "server.enableXsrfProtection": True,
        "server.showEmailPrompt": False,
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "theme.baseRadius": "0.6rem",
        **{f"theme.{theme}.{name}": value for theme, colours in THEMES.items() for name, value in colours.items()},
    }
    if host in LOCAL:  # a page elsewhere that calls itself by this machine's address is not listened to
        options["server.allowedHosts"] = list(LOCAL)
    return options


def login_is_set_up() -> bool:
    """Whether Streamlit's secrets, of this folder or of the user, have a login."""
    for folder in (Path.cwd(), Path.home()):
        try:
            if "auth" in tomllib.loads((folder / ".streamlit" / "secrets.toml").read_text(encoding="utf-8")):
                return True
        except (OSError, ValueError):
            continue
    return False


def serve(runs_dir: Path, host: str, port: int, *, open_browser: bool) -> None:
    """Become the server; does not return.

    Raises:
        StepFailed: the page, or Streamlit, is not installed.
    """
    for package in ("ui", "streamlit"):
        if importlib.util.find_spec(package) is None:
            raise StepFailed(f"the package {package!r} is missing; install Sightsmith with everything it needs")
    found = importlib.util.find_spec("ui")
    page = Path(next(iter(found.submodule_search_locations or []))) / "app.py"  # type: ignore[union-attr]
    settings = Settings()
    if host not in LOCAL and not login_is_set_up():
        log.warning("whoever reaches %s:%d can use the page and the runs: set up a login (docs/login.md)", host, port)
    flags = [
        f"--{name}={str(item).lower() if isinstance(item, bool) else item}"
        for name, value in server_options(host, port, settings, open_browser=open_browser).items()
        for item in (value if isinstance(value, list) else [value])
    ]
    # Streamlit looks for modules beside the page alone.
    variables = environment({"SIGHTSMITH_RUNS_DIR": str(runs_dir.resolve())}, keys=True)
    sys.stdout.flush()
    os.execve(sys.executable, module_command("streamlit", "run", str(page), *flags), variables)
