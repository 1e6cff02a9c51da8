"""Tell the end of a job to an address that a stranger named: signed, and never to a place inside.

Server-side request forgery: a name is resolved once, every address behind it must be public, and the connection goes
to exactly that address, so a second look-up (DNS rebinding) never happens. Redirects are not followed.
"""

import asyncio
import hashlib
import hmac
import ipaddress
import json
import logging
import socket
import time
from urllib.parse import SplitResult, urlsplit

import httpx

from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import Settings
from tools.service.jobs import Job, Jobs

log = logging.getLogger(__name__)
_FIRST_WAIT_S = 2.0
_LONGEST_URL = 2000
# Addresses that carry an IPv4 address inside, which a translator may lead anywhere.
_EMBEDDING = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")))


def check_url(url: str, allowed_hosts: frozenset[str]) -> SplitResult:
    """The parts of an address that may be called, as far as its text says.

    Args:
        url: as the sender gave it.
        allowed_hosts: hosts that the owner allows wherever they lie, "name" or "name:port".

    Raises:
        FixArguments: it may not; the message says why.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise FixArguments(f"the callback's address cannot be read: {error}") from None
    if len(url) > _LONGEST_URL or not url.isprintable() or not url.isascii() or " " in url or "\\" in url:
        raise FixArguments("the callback's address is too long or has characters that no address has")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password or port == 0:
        raise FixArguments("a callback's address is http(s)://host/path, without a user")
    if _is_allowed(parts, allowed_hosts):
        return parts
    try:
        address = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return parts
    if not is_public(str(address)):
        raise FixArguments(_inside(parts.hostname))
    return parts


def is_public(address: str) -> bool:
    """Whether an address lies outside: not loopback, private, link-local, multicast, reserved, or one in disguise."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if any(ip in network for network in _EMBEDDING):
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


async def resolve(parts: SplitResult, allowed_hosts: frozenset[str]) -> str:
    """The one address to connect to.

    Raises:
        FixArguments: one of the name's addresses lies inside.
        StepFailed: the name has no address.
    """
    host = str(parts.hostname)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise StepFailed(f"{host} has no address ({error})") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not _is_allowed(parts, allowed_hosts) and not all(is_public(a) for a in addresses):
        raise FixArguments(_inside(host))
    return addresses[0]


def sign(secret: str, moment: int, body: bytes) -> str:
    """`t=<unix seconds>,v1=<hex>`: HMAC-SHA256 over "<seconds>.<body>", so that an old message cannot be sent again."""
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


async def post(url: str, secret: str, body: bytes, allowed_hosts: frozenset[str], timeout_s: float) -> None:
    """Send once.

    Raises:
        FixArguments: the address may not be called.
        StepFailed: it did not answer with 2xx.
    """
    parts = check_url(url, allowed_hosts)
    address = await resolve(parts, allowed_hosts)
    headers = {
        "Host": parts.netloc, "Content-Type": "application/json",
        "X-Sightsmith-Signature": sign(secret, int(time.time()), body),
    }  # fmt: skip
    target = httpx.URL(url).copy_with(host=address)
    try:
        # trust_env: a proxy of the environment would resolve the name again.
        async with httpx.AsyncClient(timeout=timeout_s, follow_redirects=False, trust_env=False) as client:
            request = client.build_request(
                "POST", target, content=body, headers=headers, extensions={"sni_hostname": parts.hostname}
            )
            answer = await asyncio.wait_for(client.send(request, stream=True), timeout_s)
            await answer.aclose()  # what it says beyond its status is of no interest
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
        raise StepFailed(f"no answer ({type(error).__name__})") from None
    if not answer.is_success:
        raise StepFailed(f"answered {answer.status_code}" + (", not followed" if answer.is_redirect else ""))


async def deliver(job: Job, jobs: Jobs, settings: Settings, allowed_hosts: frozenset[str]) -> None:
    """Tell the end of a job, several times if need be; how it went is kept with the job."""
    callback = job.callback
    if callback is None:
        return
    kept = job.model_dump(include={"id", "status", "version", "photos", "done", "broken", "finished"})
    body = json.dumps(kept | {"results": f"/jobs/{job.id}/results"}).encode()
    while callback.state == "waiting":
        callback.attempts += 1
        try:
            await post(callback.url, callback.secret, body, allowed_hosts, settings.callback.timeout_s)
            callback.state, callback.error = "sent", ""
        except FixArguments as error:
            callback.state, callback.error = "failed", str(error)
        except StepFailed as error:
            callback.error = str(error)
            if callback.attempts >= settings.callback.attempts:
                callback.state = "failed"
        jobs.save(job)
        if callback.state == "waiting":
            await asyncio.sleep(_FIRST_WAIT_S * 2 ** (callback.attempts - 1))


def _is_allowed(parts: SplitResult, allowed_hosts: frozenset[str]) -> bool:
    return bool({parts.hostname, f"{parts.hostname}:{parts.port}"} & allowed_hosts)


def _inside(host: str) -> str:
    return f"{host} is not a public address; the owner of this service can allow it (--callback-host)"
