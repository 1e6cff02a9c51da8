"""The text of label files, in whatever encoding they say that they have; nothing is guessed."""

import codecs
import re
from xml.etree import ElementTree as ET

from defusedxml import ElementTree as SafeET

_MARKS = (  # byte order marks, longer ones first
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_DECLARED = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")


def decode(content: bytes, encoding: str = "utf-8") -> str:
    """Text by its byte order mark, else in `encoding`.

    Raises:
        ValueError: it is not text in that.
    """
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), encoding)
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeError as error:
        raise ValueError(f"it is not text in {encoding.upper()}") from error
    except LookupError as error:
        raise ValueError(f"its encoding {encoding} is not known") from error


def xml_root(content: str | bytes) -> ET.Element:
    """The root of an XML file. Its encoding is read here: the parser knows no encoding of several bytes but Unicode's.

    Raises:
        ValueError: it is no XML, or defines entities.
    """
    if isinstance(content, bytes):
        declared = _DECLARED.match(content.lstrip()[:200])
        content = decode(content, declared.group(1).decode() if declared else "utf-8")
    try:
        root: ET.Element = SafeET.fromstring(content.lstrip())
    except SafeET.ParseError as error:
        raise ValueError(f"it is not XML ({error})") from error
    return root
