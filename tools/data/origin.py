"""Where an image comes from, as it says itself: IPTC's digital source type in XMP, and a C2PA manifest.

Every image made here says so, and what it is made of; images that come in are asked. Neither proves anything: a
mark can be taken off, and a photo without one may be generated all the same.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.core.errors import StepFailed
from tools.core.files import write_bytes
from tools.data.images import open_image
from tools.data.metadata import with_xmp, without_metadata, write_bare

DRAWN_GROUND = "drawn by formula"  # in the provenance of what was pasted on no photo
VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
# https://cv.iptc.org/newscodes/digitalsourcetype/: what says that no camera saw all of it.
GENERATED = frozenset({
    "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "algorithmicMedia", "compositeSynthetic",
    "digitalCreation", "digitalArt", "virtualRecording", "dataDrivenMedia",
})  # fmt: skip
_TYPE = re.compile(rb"digitalsourcetype/([A-Za-z]{4,60})")
_MOST_XMP = 2**20
_C2PA_KINDS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".gif", ".avif", ".heic", ".heif"})
_JUMBF = b"c2pa"  # the label of its manifest store


@dataclass(frozen=True)
class Origin:
    """What an image says of itself."""

    source_type: str | None = None  # the last part of IPTC's address
    c2pa: bool = False  # it carries a manifest
    made_with: str | None = None  # as the manifest says
    valid: bool | None = None  # the manifest fits the image; None: there is none

    @property
    def is_generated(self) -> bool:
        """Whether it says that it is not, or not only, what a camera saw."""
        return self.source_type in GENERATED


def source_type(engine: str, provenance: Mapping[str, Any] | None = None) -> str | None:
    """IPTC's type of what an engine makes.

    Rendered images come of an algorithm that was not trained on any (algorithmicMedia); pasted ones are composites,
    of photos alone (compositeCapture) or on a drawn ground (compositeSynthetic); what a network painted is
    trainedAlgorithmicMedia, or a composite with it where it painted over a render. An engine that is not known here
    is taken for a network, unless it says its own `digital_source_type`.

    Args:
        engine: its name.
        provenance: of the sample.

    Returns:
        None for a person's photo, of which only itself can say it.
    """
    if told := (provenance or {}).get("digital_source_type"):
        return str(told)
    if engine in ("real", "photo"):
        return None
    if engine in ("blender", "formula"):
        return "algorithmicMedia"
    if engine == "copy_paste":
        drawn = (provenance or {}).get("background") == DRAWN_GROUND
        return "compositeSynthetic" if drawn else "compositeCapture"
    if engine == "repaint":
        return "compositeWithTrainedAlgorithmicMedia"
    return "trainedAlgorithmicMedia"


def packet(kind: str | None) -> bytes | None:
    """The XMP packet that says a source type and nothing of a person; None where there is none to say."""
    if kind is None:
        return None
    text = (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        f'xmp:CreatorTool="Sightsmith" Iptc4xmpExt:DigitalSourceType="{VOCABULARY}{kind}"/>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    )
    return text.encode()


def mark(path: Path, kind: str) -> None:
    """Write a source type into an image that was just made, without touching a pixel; all else it says goes.

    Kinds of files that cannot hold it stay as they are; the data set's record has it all the same.
    """
    if (marked := _marked(path.read_bytes(), kind)) is not None:
        write_bytes(path, marked)


def is_marked(path: Path, kind: str | None) -> bool:
    """Whether a file says just this and nothing else: then it can be handed out as it is."""
    content = path.read_bytes()
    return _marked(content, kind) == content


def write_marked(source: Path, target: Path, kind: str | None) -> None:
    """An image for others: the same pixels, its source type, and nothing else.

    Raises:
        StepFailed: it is no readable image.
        OSError: the target cannot be written.
    """
    write_bare(source, target, packet(kind))


def carry(source: Path, target: Path) -> None:
    """Let a copy of an image, made of its pixels alone, say of where it comes from what the original says."""
    if (kind := read_origin(source).source_type) is not None:
        mark(target, kind)


def _marked(content: bytes, kind: str | None) -> bytes | None:
    bare, said = without_metadata(content), packet(kind)
    return bare if bare is None or said is None else with_xmp(bare, said)


def read_origin(path: Path) -> Origin:
    """What an image says of where it comes from; one that cannot be read says nothing."""
    try:
        with open_image(path) as image:
            xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
        content = path.read_bytes()
    except (StepFailed, OSError):
        return Origin()
    found = _TYPE.search((xmp.encode() if isinstance(xmp, str) else bytes(xmp))[:_MOST_XMP])
    kind = found[1].decode() if found else None
    if path.suffix.lower() not in _C2PA_KINDS or _JUMBF not in content:
        return Origin(kind)
    return _of_manifest(path, kind)


def _of_manifest(path: Path, kind: str | None) -> Origin:
    """What a C2PA manifest says; nothing is fetched from anywhere."""
    import c2pa

    try:
        settings = c2pa.Settings.from_dict({"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}})
        with c2pa.Context(settings) as context, c2pa.Reader(str(path), context=context) as reader:
            store = json.loads(reader.json())
            state = reader.get_validation_state()
    except Exception:  # damaged, or no manifest after all: the library raises one class for both
        return Origin(kind)
    manifest = store.get("manifests", {}).get(store.get("active_manifest"), {})
    said = _TYPE.search(json.dumps(manifest.get("assertions", [])).encode())
    makers = manifest.get("claim_generator_info") or [{}]
    maker = makers[0].get("name") or manifest.get("claim_generator")
    return Origin(kind or (said[1].decode() if said else None), True, maker, state in ("Valid", "Trusted"))


def count_generated(paths: Iterable[Path]) -> tuple[int, int]:
    """How many of some images are marked as generated, and how many carry a manifest."""
    found = [read_origin(path) for path in paths]
    return sum(o.is_generated for o in found), sum(o.c2pa for o in found)


def sentence(generated: int, manifests: int, photos: int) -> str | None:
    """What a report says of photos that are marked; None where none is."""
    if not generated and not manifests:
        return None
    return (
        f"{generated} of {photos} photos are marked as generated (IPTC digital source type), {manifests} carry a C2PA "
        "manifest; photos without a mark may be generated, too"
    )
