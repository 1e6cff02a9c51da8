"""What a run can draw: catalogue, taught objects on disk, model files by their names."""

import json

import pytest

from tools.core.errors import FixArguments, StepFailed
from tools.data.mesh_files import model_problem
from tools.generators.blender.library import Library, asset_spec
from tools.generators.blender.object_spec import ObjectSpec

CUBE = "\n".join(
    [f"v {x} {y} {z}" for x in (0, 2) for y in (0, 1) for z in (0, 1)]
    + ["f 1 2 4 3", "f 5 7 8 6", "f 1 5 6 2", "f 3 4 8 7", "f 1 3 7 5", "f 2 6 8 4", ""]
)


def taught(name: str = "gadget", **more: object) -> ObjectSpec:
    return ObjectSpec.model_validate(
        {
            "name": name,
            "size_m": 0.1,
            "materials": {"a": {"colours": ["#808080"]}},
            "parts": [{"shape": "box", "material": "a", "size": [1, 1, 2]}],
            "appearances": [{"name": "new"}, {"name": "rusty", "states": ["old", "生锈"]}],
            **more,
        }
    )


@pytest.fixture
def assets(tmp_path):
    folder = tmp_path / "assets"
    folder.mkdir()
    (folder / "Gear Wheel.obj").write_text(CUBE)
    (folder / "Gear Wheel.mtl").write_text("newmtl x")
    return folder


def test_catalogue_is_there_without_anything_else(tmp_path):
    library = Library.of_run(tmp_path)
    assert library.find("ripe apples")[0] == "apple" and library.spec("apple").size_m == pytest.approx(0.075)
    assert library.asset_path("apple") is None and "tomato" in library.keys()  # noqa: SIM118
    with pytest.raises(FixArguments, match="'flurb'"):
        library.spec("flurb")


@pytest.mark.parametrize("phrase", ["gear wheel", "Gear Wheels", "the gear wheels"])
def test_asset_answers_to_its_file_name_before_the_catalogue(tmp_path, assets, phrase):
    library = Library.of_run(tmp_path, assets)
    key, looks = library.find(phrase)
    assert key == "Gear Wheel.obj" and looks == []
    assert library.asset_path(key) == (assets / "Gear Wheel.obj").resolve()
    assert library.spec(key).asset and library.find("gears")[0] == "gear"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("Gear_Wheel-01.glb", "gear wheel"),
        ("apple2.obj", "apple"),
        ("WINE bottle.GLB", "wine bottle"),
        ("42.obj", "42"),
        ("苹果.glb", "苹果"),
    ],
)
def test_what_a_file_name_says(tmp_path, file, name):
    assert asset_spec(tmp_path / file).name == name


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("bad.glb", b"not a model", "binary glTF"),
        ("empty.obj", b"", "empty"),
        ("words.obj", b"hello world", "no vertex"),
        ("bad.gltf", b"{", "not JSON"),
        ("list.gltf", b"[]", "`asset`"),
        ("bad.blend", b"ELF....", "Blender file"),
        ("thing.fbx", b"Kaydara", "not a model this can load"),
        ("report.pdf", b"%PDF", "not a model this can load"),
    ],
)
def test_file_that_is_no_model_is_named(tmp_path, assets, file, content, says):
    (assets / file).write_bytes(content)
    with pytest.raises(FixArguments, match=says) as caught:
        Library.of_run(tmp_path, assets)
    assert file in str(caught.value)


def test_missing_or_empty_assets_folder_is_refused(tmp_path):
    with pytest.raises(FixArguments, match="does not exist"):
        Library.of_run(tmp_path, tmp_path / "nowhere")
    (tmp_path / "none").mkdir()
    with pytest.raises(FixArguments, match="holds no model"):
        Library.of_run(tmp_path, tmp_path / "none")


def test_good_starts_are_no_problem(tmp_path):
    for name, content in (("a.glb", b"glTF\x02"), ("a.blend", b"BLENDER-v500"), ("a.gltf", b'{"asset": {}}')):
        (tmp_path / name).write_bytes(content)
        assert model_problem(tmp_path / name) is None


def test_taught_object_is_found_now_and_after_a_restart(tmp_path):
    assert Library.of_run(tmp_path).add_taught(taught(aliases=["doodad"])) == "gadget"
    library = Library.of_run(tmp_path)
    assert library.find("rusty doodads") == ("gadget", ["rusty"]) and library.find("生锈gadget") is None
    assert library.spec("gadget") == taught(aliases=["doodad"])
    library.add_taught(taught(size_m=0.5))  # taught again: replaced, not doubled
    assert [p.name for p in (tmp_path / "objects").iterdir()] == ["gadget.json"]
    assert Library.of_run(tmp_path).spec("gadget").size_m == 0.5


@pytest.mark.parametrize("name", ["../../evil", "a/b", "con'; rm -rf *", "核桃", "🥨", "x" * 80, "NUL"])
def test_any_name_is_a_safe_file_name(tmp_path, name):
    Library.of_run(tmp_path).add_taught(taught(name))
    (file,) = (tmp_path / "objects").iterdir()
    assert file.suffix == ".json" and not set(file.name) - set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert len(file.name) < 160 and Library.of_run(tmp_path).spec(name).name == name
    assert sorted(p.name for p in tmp_path.iterdir()) == ["objects"]


def test_names_that_share_a_slug_keep_two_files(tmp_path):
    library = Library.of_run(tmp_path)
    library.add_taught(taught("c++ mug shot"))
    library.add_taught(taught("c mug shot"))
    assert len(list((tmp_path / "objects").iterdir())) == 2


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (lambda: taught("apple"), "'apple'"),
        (lambda: taught(aliases=["soda can"]), "already means the object 'can'"),
        (lambda: taught(chinese=["苹果"]), "'苹果' already means"),
        (lambda: asset_spec(__import__("pathlib").Path("x.obj")), "--assets"),
    ],
)
def test_teaching_what_is_known_is_refused(tmp_path, spec, says):
    with pytest.raises(FixArguments, match=says):
        Library.of_run(tmp_path).add_taught(spec())
    assert not (tmp_path / "objects").exists()


def test_broken_taught_file_is_named(tmp_path):
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects" / "gadget.json").write_text('{"name": "gadget"}')
    with pytest.raises(StepFailed, match=r"gadget\.json.*size_m"):
        Library.of_run(tmp_path)


def test_worker_gets_the_same_library_as_plain_json(tmp_path, assets):
    library = Library.of_run(tmp_path, assets)
    library.add_taught(taught())
    copy = Library.load(json.loads(json.dumps(library.dump())))
    assert copy.keys() == library.keys() and copy.spec("gadget") == library.spec("gadget")
    assert copy.asset_path("Gear Wheel.obj") == library.asset_path("Gear Wheel.obj")
