"""Every model that comes with the package has a source, an author and a licence that asks for nothing."""

import json
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from tools.generators.blender.library import Library
from tools.generators.blender.models.libraries import SHIPPED
from tools.generators.blender.models.model import Model
from tools.generators.blender.models.sh3f import CATALOGUE, CHINESE, read_sh3f
from tools.generators.blender.models.words import meant

LIBRARY = SHIPPED / "blendswap-cc0.sh3f"
MOST_BYTES = 12 * 10**6
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def models() -> list[Model]:
    return read_sh3f(LIBRARY)


@pytest.fixture(scope="module")
def sources() -> list[dict[str, str]]:
    return json.loads((SHIPPED / "sources.json").read_text(encoding="utf-8"))


def test_every_model_has_a_source_and_a_free_licence(models, sources):
    assert len(models) >= 100 and [m.id for m in models] == [s["id"] for s in sources]
    for model, source in zip(models, sources, strict=True):
        assert model.free and source["licence"] == "CC0-1.0" and source["catalogue_says"] == "Public domain", model.id
        assert source["author"] == model.author != "unknown" and source["name"] == model.name
        assert "sweethome3d.com" in source["origin"]
        assert PurePosixPath(model.file).parent == PurePosixPath(source["files"])


def test_nothing_else_is_shipped(sources):
    assert sorted(p.name for p in SHIPPED.iterdir()) == [LIBRARY.name, "sources.json"]
    folders = tuple(s["files"] for s in sources)
    with zipfile.ZipFile(LIBRARY) as packed:
        others = [n for n in packed.namelist() if not n.startswith(folders)]
        kinds = {PurePosixPath(n).suffix for n in packed.namelist()}
    assert sorted(others) == sorted([CATALOGUE, CHINESE[0]]) and kinds == {".obj", ".mtl", ".jpg", ".properties"}


def test_it_is_small_and_in_the_package():
    assert sum(p.stat().st_size for p in SHIPPED.iterdir()) < MOST_BYTES
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert set(data["tools.generators.blender.models"]) == {"words.txt", "shipped/*"}


def test_every_shipped_model_can_be_asked_for(models, tmp_path):
    library = Library.of_run(tmp_path)
    drawn = {i for key in library.keys() for look in library.spec(key).appearances for i in look.models}  # noqa: SIM118
    assert drawn == {m.id for m in models} and all(meant(m) is not None for m in models)


@pytest.mark.parametrize(
    ("phrase", "key"),
    [
        ("horses", "horse"), ("马", "horse"), ("chickens", "chicken"), ("fire extinguishers", "fire extinguisher"),
        ("灭火器", "fire extinguisher"), ("sofas", "couch"), ("forklifts", "forklift"), ("叉车", "forklift"),
        ("hot dogs", "hot dog"), ("pallets", "pallet"), ("headphones", "headphones"), ("trucks", "truck"),
        ("toilets", "toilet"), ("handbags", "handbag"), ("slippers", "slipper"), ("bread", "bread loaf"), ("tv", "tv"),
    ],
)  # fmt: skip
def test_a_bare_machine_draws_them(tmp_path, phrase, key):
    assert Library.of_run(tmp_path).find(phrase) == (key, [])
