"""Catalogues of model libraries are read as they are written, and hostile ones are refused by name."""

import zipfile

import pytest

from tests.tools.generators.model_files import CC_BY, folder, sh3f
from tools.core.errors import FixArguments
from tools.generators.blender.models.folder import read_folder
from tools.generators.blender.models.sh3f import CATALOGUE, read_properties, read_sh3f
from tools.generators.blender.models.unpacked import unpacked


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a=1\nb = 2 \n# c=3\n! d=4\n\n", {"a": "1", "b": "2"}),
        ("a:1\nb 2\nc", {"a": "1", "b": "2", "c": ""}),
        ("name#1=\\u72d7", {"name#1": "狗"}),
        ("a=one \\\n    two", {"a": "one two"}),
        ("a\\=b=c\\\\d", {"a=b": "c\\d"}),
        ("a=1\r\na=2\r\n", {"a": "2"}),
    ],
)
def test_properties_as_java_writes_them(text, values):
    assert read_properties(text) == values


def test_what_a_catalogue_says_of_a_model(tmp_path):
    path = sh3f(
        tmp_path / "a.sh3f",
        [
            {"name": "Dog", "tags": "Animal, Pet", "category": "Characters", "modelRotation": "1 0 0 0 0 1 0 -1 0"},
            {"name": "Thing", "license": "Public domain", "creator": ""},
        ],
        chinese={1: "狗"},
    )
    dog, thing = read_sh3f(path)
    assert (dog.name, dog.chinese, dog.tags) == ("Dog", ("狗",), ("animal", "pet", "characters"))
    assert dog.size_m == pytest.approx((0.6, 0.3, 0.9)) and dog.longest_m == pytest.approx(0.9)
    assert dog.turn == (1, 0, 0, 0, 0, 1, 0, -1, 0) and not dog.free
    assert dog.credit() == {"id": "Lib#1", "name": "Dog", "author": "Ann", "licence": CC_BY, "library": "Lib"}
    assert thing.free and thing.author == "unknown" and thing.licence == "Public domain"


@pytest.mark.parametrize(
    ("own", "licence"),
    [
        ("Released under Creative Commons Attribution 3.0\nYou are free to use", "Creative Commons Attribution 3.0"),
        ("<b>Released under <i>Creative Commons Attribution 3.0</i></b>", "Creative Commons Attribution 3.0"),
        ("Released under\nCreative Commons Zero (Public Domain)\n", "Public domain"),
        ("do what you like", "Public domain"),
    ],
)
def test_a_models_own_licence_counts_more_than_its_librarys(tmp_path, own, licence):
    """Two models of a library that calls itself public domain were released under CC-BY."""
    path = sh3f(tmp_path / "a.sh3f", [{}], license="Public domain", files={"lib/m1/LICENSE.html": own})
    assert read_sh3f(path)[0].licence.startswith(licence)


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": "nan"}, {"height": "-3"}, {"depth": "1e9"}, {"width": "wide"}, {"modelRotation": "1 2 3"},
        {"modelRotation": "9 0 0 0 1 0 0 0 1"}, {"model": "/lib/m1/box.dae"}, {"name": ""},
    ],
)  # fmt: skip
def test_a_model_that_cannot_be_is_left_out_and_the_others_are_there(tmp_path, wrong):
    path = sh3f(tmp_path / "a.sh3f", [wrong, {"name": "Dog"}])
    assert [m.name for m in read_sh3f(path)] == ["Dog"]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"../evil.obj": "v 0 0 0"}, "outside its folder"),
        ({"/etc/evil": "x"}, "outside its folder"),
        ({"big.bin": "0" * 30_000_000}, "out of nearly nothing"),
        ({"a" * 300: "x"}, "cannot be used"),
    ],
)
def test_a_hostile_archive_is_refused_by_name(tmp_path, files, says):
    path = sh3f(tmp_path / "evil.sh3f", [{}], files=files)
    with pytest.raises(FixArguments, match=says) as caught:
        read_sh3f(path)
    assert "evil.sh3f" in str(caught.value)


def test_limits_of_uploads_hold_for_libraries(tmp_path, monkeypatch):
    path = sh3f(tmp_path / "a.sh3f", [{}] * 5)
    monkeypatch.setenv("SIGHTSMITH_UI_UNPACKED_FILES", "3")
    with pytest.raises(FixArguments, match="at most 3"):
        read_sh3f(path)


def test_what_is_no_library_is_refused(tmp_path):
    path = tmp_path / "a.sh3f"
    path.write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(FixArguments, match=r"a\.sh3f"):
        read_sh3f(path)
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("readme.txt", "hello")
    with pytest.raises(FixArguments, match=CATALOGUE):
        read_sh3f(path)


def test_a_folder_with_a_catalogue(tmp_path):
    place = folder(
        tmp_path / "mine",
        {"name": "spaniel", "chinese": ["猎犬"], "aliases": ["gun dog"], "size_m": [0.3, 0.6, 0.5]},
        {"file": "deep/in.obj", "author": "Cy", "licence": "CC0-1.0"},
    )
    first, second = read_folder(place)
    assert (first.name, first.aliases, first.chinese) == ("spaniel", ("gun dog",), ("猎犬",))
    assert first.size_m == (0.3, 0.6, 0.5) and first.longest_m == 0.6
    assert (first.author, first.licence, first.library) == ("Bo", CC_BY, "Mine")
    assert second.free and second.author == "Cy" and second.size_m is None and second.longest_m == 0.5


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"file": "../out.obj"}, "outside the folder"),
        ({"file": "m.fbx"}, "no model"),
        ({"file": "m.glb"}, "binary glTF"),
        ({"size_m": -1}, "size_m"),
        ({"size_m": [1, 2]}, "size_m"),
        ({"nmae": "x"}, "nmae"),
    ],
)
def test_a_folder_that_cannot_be_used_says_what(tmp_path, entry, says):
    place = folder(tmp_path / "mine", entry)
    (tmp_path / "out.obj").write_text("v 0 0 0\n")
    with pytest.raises(FixArguments, match=says) as caught:
        read_folder(place)
    assert "catalogue.json" in str(caught.value)


def test_a_link_out_of_a_folder_is_not_followed(tmp_path):
    place = folder(tmp_path / "mine", {})
    secret = tmp_path / "secret.obj"
    secret.write_text("v 0 0 0\n")
    (place / "m1.obj").unlink()
    (place / "m1.obj").symlink_to(secret)
    with pytest.raises(FixArguments, match="outside the folder"):
        read_folder(place)


@pytest.mark.parametrize("named", ["/etc/passwd.png", "../../x.png", "C:\\pictures\\x.png", "sub/x.png"])
def test_textures_outside_a_models_folder_are_never_opened(tmp_path, named):
    materials = f"newmtl red\nKd 1 0 0\nmap_Kd {named}\nmap_Kd -s 1 1 1 in.png\n"
    path = sh3f(tmp_path / "a.sh3f", [{}], files={"lib/m1/box.mtl": materials, "lib/m1/In.png": "x"})
    file = unpacked(read_sh3f(path)[0], tmp_path / "out")
    text = file.with_name("box.mtl").read_text()
    assert named not in text and "map_Kd In.png" in text and "Kd 1 0 0" in text


def test_only_the_models_own_files_are_unpacked(tmp_path):
    path = sh3f(tmp_path / "a.sh3f", [{}, {}], files={"lib/m1/run.sh": "rm -rf"})
    unpacked(read_sh3f(path)[0], tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").rglob("*") if p.is_file()) == ["box.mtl", "box.obj"]
