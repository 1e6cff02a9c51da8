"""What an image file says of itself beside its pixels: taken out whole, or one line put in, without touching a pixel.

JPEG, PNG and WebP are edited by their segments and chunks; other kinds are written anew from their pixels.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from tools.data.images import open_image, orientation_of, read_image, write_image

_PNG, _XMP_KEY = b"\x89PNG\r\n\x1a\n", b"XML:com.adobe.xmp"
_XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
# What shows the image and nothing else. JPEG: all but APPn, comments; ICC (APP2) and Adobe's colours (APP14) stay.
_JPEG_KEPT_APPS = {0xE0: (b"JFIF\0",), 0xE2: (b"ICC_PROFILE\0",), 0xEE: (b"Adobe",)}
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB",
                       b"cICP", b"bKGD", b"acTL", b"fcTL", b"fdAT"})  # fmt: skip
_WEBP_DROPPED = frozenset({b"EXIF", b"XMP "})
_EXIF_FLAG, _XMP_FLAG, _ALPHA_FLAG = 0x08, 0x04, 0x10


def without_metadata(content: bytes) -> bytes | None:
    """The bytes of a JPEG, PNG or WebP without EXIF, XMP, IPTC, comments and manifests; None for any other file."""
    if content[:2] == b"\xff\xd8":
        kept = [s for s in _segments(content) if _is_image_segment(s)]
        return b"".join(kept)
    if content[:8] == _PNG:
        return _PNG + b"".join(raw for kind, raw in _png_chunks(content) if kind in _PNG_KEPT)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        chunks = [(k, d) for k, d in _webp_chunks(content) if k not in _WEBP_DROPPED]
        return _webp([(k, _flagged(d, ~(_EXIF_FLAG | _XMP_FLAG)) if k == b"VP8X" else d) for k, d in chunks])
    return None


def with_xmp(content: bytes, packet: bytes) -> bytes | None:
    """The bytes of a JPEG, PNG or WebP that has no XMP, with a packet put in; None for any other file."""
    if content[:2] == b"\xff\xd8":
        first = next(_segments(content[2:]), b"")
        place = 2 + (len(first) if first[:2] == b"\xff\xe0" else 0)
        body = _XMP_HEAD + packet
        segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
        return content[:place] + segment + content[place:]
    if content[:8] == _PNG:
        head = 8 + 25  # signature, IHDR
        body = _XMP_KEY + b"\0\0\0\0\0" + packet
        chunk = struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", zlib.crc32(b"iTXt" + body))
        return content[:head] + chunk + content[head:]
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        chunks = list(_webp_chunks(content))
        if chunks[0][0] != b"VP8X":
            chunks.insert(0, (b"VP8X", _webp_head(content)))
        chunks[0] = (b"VP8X", bytes([chunks[0][1][0] | _XMP_FLAG]) + chunks[0][1][1:])
        return _webp([*chunks, (b"XMP ", packet)])
    return None


def write_bare(source: Path, target: Path, packet: bytes | None = None) -> None:
    """Write an image without metadata: the same pixels as it is shown with, turned upright where EXIF turned it.

    Args:
        source: any image that is read.
        target: a name of the same ending, or of a kind that Pillow writes.
        packet: XMP to put in, in kinds that hold it.

    Raises:
        StepFailed: the source is no readable image.
        OSError: the target cannot be written.
    """
    content = source.read_bytes()
    bare = without_metadata(content)
    if bare is not None:
        with open_image(source) as image:
            turned = orientation_of(image, source) != 1
    if bare is None or turned:
        write_image(target, read_image(source))
        bare = target.read_bytes()
    marked = with_xmp(bare, packet) if packet is not None else None
    target.write_bytes(marked if marked is not None else bare)


# Segments and chunks ----------------------------------------------------------------------------------------------


def _segments(content: bytes) -> Iterator[bytes]:
    """The segments of a JPEG up to its pixels, then the rest; what is damaged is given as the rest."""
    place = 0
    if content[:2] == b"\xff\xd8":
        yield content[:2]
        place = 2
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xFF:  # fill
            place += 1
            continue
        size = int.from_bytes(content[place + 2 : place + 4], "big")
        if marker == 0xDA or marker in (0x01, *range(0xD0, 0xD8)) or size < 2:
            break
        yield content[place : place + 2 + size]
        place += 2 + size
    yield content[place:]


def _is_image_segment(segment: bytes) -> bool:
    if segment[:1] != b"\xff" or len(segment) < 4:
        return True
    marker = segment[1]
    if marker == 0xFE:
        return False
    if 0xE0 <= marker <= 0xEF:
        return any(segment[4:].startswith(head) for head in _JPEG_KEPT_APPS.get(marker, ()))
    return True


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 8
    while place + 8 <= len(content):
        size = int.from_bytes(content[place : place + 4], "big")
        yield content[place + 4 : place + 8], content[place : place + 12 + size]
        place += 12 + size


def _webp_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 12
    while place + 8 <= len(content):
        size = int.from_bytes(content[place + 4 : place + 8], "little")
        yield content[place : place + 4], content[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def _webp(chunks: list[tuple[bytes, bytes]]) -> bytes:
    body = b"".join(k + struct.pack("<I", len(d)) + d + b"\0" * (len(d) % 2) for k, d in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _webp_head(content: bytes) -> bytes:
    """The VP8X chunk of a simple WebP."""
    with Image.open(io.BytesIO(content)) as image:
        width, height, alpha = image.width, image.height, image.mode == "RGBA"
    flags = _ALPHA_FLAG if alpha else 0
    return bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def _flagged(head: bytes, mask: int) -> bytes:
    return bytes([head[0] & mask & 0xFF]) + head[1:]
