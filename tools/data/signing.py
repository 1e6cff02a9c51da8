"""C2PA manifests by a person's own key: who made an image, with what, and that nobody changed it since."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tools.core.errors import StepFailed
from tools.core.settings import Settings
from tools.data.origin import VOCABULARY

_NO_NETWORK = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": False},
    "builder": {"thumbnail": {"enabled": False}},
}


class ManifestSigner:
    """Signs images with the key and certificate of the settings.

    Args:
        settings: `c2pa_certificate` (PEM, the chain), `c2pa_key_file` (PEM) and `c2pa_algorithm`.

    Raises:
        StepFailed: a file is missing or unreadable, or only one of the two is named.
    """

    def __init__(self, settings: Settings) -> None:
        certificate, key = settings.c2pa.certificate, settings.c2pa.key_file
        if certificate is None or key is None:
            raise StepFailed(
                "a C2PA manifest needs both SIGHTSMITH_C2PA_CERTIFICATE and SIGHTSMITH_C2PA_KEY_FILE (PEM files)"
            )
        try:
            self._chain, self._key = certificate.read_text(encoding="ascii"), key.read_bytes()
        except (OSError, ValueError) as error:
            raise StepFailed(f"the key or certificate for C2PA cannot be read: {error}") from error
        self._algorithm = settings.c2pa.algorithm
        self._named = f"{certificate.name} with {key.name}"

    def sign(self, source: Path, target: Path, kind: str) -> None:
        """Write a copy of an image with a manifest.

        Args:
            source: an image that carries none.
            target: another path, of the same ending.
            kind: IPTC's digital source type.

        Raises:
            StepFailed: the key does not fit the certificate, the certificate is not one that C2PA allows, or the kind
                of file cannot hold a manifest.
        """
        import c2pa

        created = {"action": "c2pa.created", "digitalSourceType": VOCABULARY + kind}
        maker = {"name": "Sightsmith", "version": version("sightsmith")}
        manifest: dict[str, Any] = {
            "claim_generator_info": [maker], "title": target.name,
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
        }  # fmt: skip
        try:
            info = c2pa.C2paSignerInfo(self._algorithm, self._chain.encode(), self._key, None)
            settings = c2pa.Settings.from_dict(_NO_NETWORK)
            with (
                c2pa.Context(settings) as context,
                c2pa.Signer.from_info(info) as signer,
                c2pa.Builder(json.dumps(manifest), context=context) as builder,
            ):
                builder.sign_file(source, target, signer)
        except c2pa.C2paError as error:
            target.unlink(missing_ok=True)
            raise StepFailed(f"{source.name} cannot be signed by {self._named}: {error}") from error


def signer_of(settings: Settings) -> ManifestSigner | None:
    """The signer, where the person has named a key or a certificate."""
    return None if settings.c2pa.certificate is None and settings.c2pa.key_file is None else ManifestSigner(settings)
