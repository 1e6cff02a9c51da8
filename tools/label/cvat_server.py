"""Labelled photos from a CVAT server, and to it as a new task, by CVAT's own SDK."""

import importlib.util
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit, urlunsplit

from tools.core import owned
from tools.core.errors import FixArguments, StepFailed
from tools.core.in_time import in_time
from tools.core.secrecy import redact, reveal
from tools.core.settings import Settings
from tools.data.packed import unpack_labelled
from tools.data.real_labels import RealLabels, read_labels
from tools.label.convert import convert_labels

Answer = TypeVar("Answer")
_FETCHED_AS, _SENT_AS = "CVAT for images 1.1", "CVAT 1.1"  # CVAT's names of one format, going out and coming in
_QUALITY = 95  # of the compressed photos that its page shows; it keeps the originals too


@dataclass(frozen=True)
class Moved:
    """A task that was fetched or sent."""

    task: int
    name: str
    photos: int
    labels: int
    classes: list[str]
    place: str  # the folder, or the task's address
    notes: list[str]

    def plain(self) -> dict[str, Any]:
        """As values that JSON holds."""
        return dict(vars(self))


def fetch_task(task: int, out: Path, settings: Settings) -> Moved:
    """Photos and labels of a task, in a new folder that is read wherever labelled photos are.

    Args:
        task: its number on the server.
        out: new folder.
        settings: the server, and the limits of what is unpacked.

    Raises:
        FixArguments: the SDK or the server's address is missing, or `out` holds other files.
        StepFailed: the server cannot be asked, refuses, or holds no such task.
    """
    owned.refuse_foreign(out, "OUT")
    if out.exists() and any(out.iterdir()):
        raise FixArguments(f"OUT {out} is not empty; name a new folder, nothing in it is replaced")
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent, prefix=".cvat-") as scratch:
        packed = Path(scratch) / "task.zip"

        def fetch(client: Any) -> str:
            from cvat_sdk.core.proxies.types import Location

            found = client.tasks.retrieve(task)
            found.export_dataset(_FETCHED_AS, packed, include_images=True, location=Location.LOCAL)
            return str(found.name)

        name = _asked(settings, f"task {task}", fetch)
        if out.is_dir():
            out.rmdir()
        try:
            unpack_labelled(packed, out, settings)
        except FixArguments as error:  # what the server packed, not what the person gave
            raise StepFailed(f"task {task} cannot be unpacked: {str(error).removeprefix(f'{packed}: ')}") from None
    labels = read_labels(out, classify=False)
    found = _class_names(labels)
    return Moved(task, name, len(labels.entries), len(found), sorted(set(found)), str(out), labels.notes)


def send_task(source: Path, name: str, settings: Settings) -> Moved:
    """A new task of labelled photos; of the photos their pixels are sent, without EXIF and place.

    Args:
        source: labelled photos in any format that is read; they are only read.
        name: of the task.
        settings: the server.

    Raises:
        FixArguments: the SDK or the server's address is missing, or the labels cannot be used.
        StepFailed: they cannot be read; the server cannot be asked, or refuses.
    """
    _address(settings)
    with TemporaryDirectory(prefix="cvat-") as scratch:
        folder = Path(scratch) / "labels"
        done = convert_labels(source, folder, "cvat")
        if done.written.format != "cvat":
            raise FixArguments(
                f"{source} has one class a photo, and a task is made of boxes and masks; label them first"
            )
        photos = sorted(p for p in (folder / "images").rglob("*") if p.is_file())
        classes = sorted(set(_class_names(read_labels(folder, classify=False))))

        def send(client: Any) -> int:
            from cvat_sdk import models

            spec = models.TaskWriteRequest(name=name, labels=[models.PatchedLabelRequest(name=c) for c in classes])
            made = client.tasks.create_from_data(
                spec, photos, data_params={"image_quality": _QUALITY}, annotation_format=_SENT_AS,
                annotation_path=str(folder / "annotations.xml"),
            )  # fmt: skip
            return int(made.id)

        task = _asked(settings, f"the new task {name!r}", send)
    place = f"{_address(settings)[0]}/tasks/{task}"
    return Moved(task, name, done.written.photos, done.written.labels, classes, place, done.notes)


def _class_names(labels: RealLabels) -> list[str]:
    """Of every label."""
    return [i.class_name for _, image in labels.entries for i in image.instances]


def _address(settings: Settings) -> tuple[str, str, str]:
    """The server's address, and the user and password that stood in it.

    Raises:
        FixArguments: the SDK is missing, or no server is named, or no way in.
    """
    if importlib.util.find_spec("cvat_sdk") is None:
        raise FixArguments("CVAT's SDK is missing: pip install 'sightsmith[cvat]'")
    url = reveal(settings.cvat.url)
    if url is None:
        raise FixArguments("no CVAT server is named (SIGHTSMITH_CVAT_URL, such as https://cvat.example.org)")
    try:
        found = urlsplit(url if "://" in url else f"https://{url}")
    except ValueError as error:
        raise FixArguments(f"SIGHTSMITH_CVAT_URL is no address: {redact(str(error))}") from None
    user, password = unquote(found.username or ""), unquote(found.password or "")
    if not (user and password) and settings.cvat.token is None:
        raise FixArguments(
            "a CVAT server wants to know who asks: a personal access token (SIGHTSMITH_CVAT_TOKEN), or a user and "
            "password in its address (https://user:password@cvat.example.org)"
        )
    plain = urlunsplit((found.scheme, found.netloc.rpartition("@")[2], found.path.rstrip("/"), "", ""))
    return plain, user, password


def _asked(settings: Settings, what: str, ask: Callable[[Any], Answer]) -> Answer:
    """What the server answers, with its faults in a sentence without what is secret.

    Raises:
        StepFailed: it cannot be asked, refuses, fails, or is at it for too long.
    """
    url, user, password = _address(settings)
    import urllib3
    from cvat_sdk import exceptions
    from cvat_sdk.core.client import AccessTokenCredentials, Client, Config
    from cvat_sdk.core.exceptions import CvatSdkException

    def talk() -> Answer:
        client = Client(url, config=Config(status_check_period=settings.cvat.poll_s), check_server_version=False)
        with closing(client):
            token = reveal(settings.cvat.token)
            client.login(AccessTokenCredentials(token) if token else (user, password))
            return ask(client)

    try:
        return in_time(talk, settings.cvat.timeout_s)
    except TimeoutError:
        why = f"was not done with {what} within {settings.cvat.timeout_s:g} s (SIGHTSMITH_CVAT_TIMEOUT_S)"
    except exceptions.ApiException as error:
        why = _refusal(error, what)
    except urllib3.exceptions.HTTPError as error:
        why = f"cannot be asked ({type(getattr(error, 'reason', None) or error).__name__})"
    except CvatSdkException as error:
        why = f"failed at {what}: {error}"
    except (ValueError, TypeError, KeyError, AssertionError, AttributeError, exceptions.OpenApiException) as error:
        why = f"gave an answer that CVAT does not give ({type(error).__name__}); is it a CVAT server?"
    raise StepFailed(redact(f"the CVAT server {urlsplit(url).netloc} {why}"))


def _refusal(error: Any, what: str) -> str:
    """What an answer with an error status means."""
    if error.status in (401, 403):
        return f"refuses ({error.status}): check SIGHTSMITH_CVAT_TOKEN, or the user and password, and their rights"
    if error.status == 404:
        return f"does not know {what}"
    try:
        said = json.loads(error.body or "")
        detail = str(said.get("detail") or said) if isinstance(said, dict) else str(said)
    except ValueError:
        detail = str(error.reason or "")
    return f"refuses {what} ({error.status}: {detail[:200]})"
