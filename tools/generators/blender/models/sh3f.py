"""Sweet Home 3D furniture libraries: a zip of OBJ models, textures and a catalogue in Java's properties format.

The catalogue's keys end in the number of a model (`name#12`), its translations lie in files of their own. Sizes are in
centimetres. What the renderer cannot open (models in other formats) is left out.
"""

import logging
import re
import zipfile
from pathlib import Path, PurePosixPath

from tools.core.errors import FixArguments
from tools.generators.blender.models.model import Model, is_free, short, sides_m, turn_of

log = logging.getLogger(__name__)

CATALOGUE = "PluginFurnitureCatalog.properties"
CHINESE = ("PluginFurnitureCatalog_zh_CN.properties", "PluginFurnitureCatalog_zh_TW.properties")
MAX_CATALOGUE_BYTES = 8 << 20  # the largest of Debian's five is 150 kB
MAX_LICENCE_BYTES = 1 << 20
MAX_MODELS = 20_000
_LICENCE_FILE = re.compile(r"licen[cs]e", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_RELEASED = re.compile(r"(?i)released\s+under\s+(?:the\s+)?((?:creative commons|cc)[\w .,()-]{0,60}?)\s*(?:\n|$)")
_LINE = re.compile(r"((?:\\.|[^\\:=\s])+)[ \t]*[:=]?[ \t]*(.*)", re.DOTALL)


def read_sh3f(path: Path) -> list[Model]:
    """The models of a library.

    Args:
        path: the .sh3f file.

    Raises:
        FixArguments: it is not such a library, or something in it is hostile; the message names the file and why.
    """
    from tools.core.settings import Settings
    from tools.data.uploads import Limits, checked_entries

    try:
        with zipfile.ZipFile(path) as packed:
            entries = {str(place): info for info, place in checked_entries(packed, None, Limits(Settings()))}
            if CATALOGUE not in entries:
                raise FixArguments(f"it holds no {CATALOGUE}")
            values = read_properties(_text(packed, entries[CATALOGUE], MAX_CATALOGUE_BYTES))
            chinese: dict[str, str] = {}
            for name in CHINESE:
                if name in entries:
                    chinese = read_properties(_text(packed, entries[name], MAX_CATALOGUE_BYTES)) | chinese
            said = {str(PurePosixPath(n).parent): n for n in entries if _LICENCE_FILE.search(PurePosixPath(n).name)}
            licences = {folder: _text(packed, entries[n], MAX_LICENCE_BYTES) for folder, n in said.items()}
    except FixArguments as error:
        raise FixArguments(f"{path}: {error}") from None
    except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, UnicodeError) as error:
        raise FixArguments(f"{path}: not a furniture library that can be read ({error})") from None
    return _models(path, values, chinese, set(entries), licences)


def read_properties(text: str) -> dict[str, str]:
    """Keys and values of a Java properties file, escapes resolved; a later key replaces an earlier one."""
    values: dict[str, str] = {}
    for line in re.sub(r"(?<!\\)((?:\\\\)*)\\\r?\n[ \t\f]*", r"\1", text).splitlines():
        line = line.strip(" \t\f")
        if line[:1] in ("", "#", "!"):
            continue
        if found := _LINE.match(line):
            values[_unescaped(found[1])] = _unescaped(found[2]).strip()
    return values


def _unescaped(text: str) -> str:
    plain = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else plain.get(m[2], m[2]), text)


def _text(packed: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> str:
    with packed.open(info) as file:
        content = file.read(most + 1)  # what an archive says of a size may be a lie
    if len(content) > most:
        raise FixArguments(f"its {short(info.filename)} is larger than {most >> 20} MB")
    return content.decode("latin-1")  # the format's own encoding; other characters are escaped


def _models(
    path: Path, values: dict[str, str], chinese: dict[str, str], files: set[str], licences: dict[str, str]
) -> list[Model]:
    numbers = sorted(int(k[6:]) for k in values if re.fullmatch(r"model#\d{1,6}", k))
    if len(numbers) > MAX_MODELS:
        raise FixArguments(f"{path}: it lists {len(numbers)} models; at most {MAX_MODELS} are taken")
    library = short(values.get("name", path.stem))
    models = []
    for number in numbers:

        def value(key: str, at: int = number) -> str:
            return values.get(f"{key}#{at}", "")

        file = value("model").lstrip("/")
        where = f"{path}: model {number} ({short(value('name'))})"
        if file not in files or not file.lower().endswith(".obj") or not short(value("name")):
            log.info("%s is left out: its file %r is no OBJ in the archive", where, file)
            continue
        try:
            sides = sides_m((value("width"), value("depth"), value("height")), 0.01, where)
            turn = turn_of(value("modelRotation"), where)
        except FixArguments as error:
            log.warning("%s; it is left out", error)
            continue
        own = licences.get(str(PurePosixPath(file).parent), "")
        licence = _licence(own, value("license") or values.get("license", ""))
        tags = [t.strip().casefold() for t in f"{value('tags')},{value('category')}".split(",")]
        translated = short(chinese.get(f"name#{number}", ""))
        models.append(
            Model(
                id=short(value("id") or f"{library}#{number}"), name=short(value("name")), aliases=(),
                chinese=(translated,) if translated else (), tags=tuple(t for t in tags if t), source=str(path),
                file=file, size_m=sides, longest_m=max(sides), turn=turn, author=short(value("creator")) or "unknown",
                licence=licence, library=library,
            )
        )  # fmt: skip
    return models


def _licence(own: str, catalogue: str) -> str:
    """What a model's own licence file asks for, else the catalogue's words.

    A library of the public domain may hold a model that its author released otherwise.
    """
    stated = _RELEASED.search(re.sub(r"<[^>]*>", "\n", own))
    if stated and not is_free(stated[1]):
        return short(stated[1])
    return short(catalogue) or "not stated"
