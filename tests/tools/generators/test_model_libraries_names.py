"""Names of models join what can be asked for: plurals, synonyms, Chinese; never under a name of something else."""

import pytest

from agent.requests.understand import understand
from tests.tools.generators.model_files import folder, sh3f
from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import Settings
from tools.core.task import Budget, TaskSpec
from tools.drawable.classes import ClassArgument, resolve_classes
from tools.generators.blender.catalogue import catalogue
from tools.generators.blender.library import Library
from tools.generators.blender.models import libraries, things
from tools.generators.blender.models.libraries import ModelLibraries, about_libraries
from tools.generators.blender.models.sh3f import read_sh3f
from tools.generators.blender.models.words import LEFT_OUT, root, words
from tools.generators.blender.naming import plain
from tools.generators.blender.object_spec import ObjectSpec
from tools.scenes.vocabulary import build_vocabulary

MODELS = [
    {"name": "Dog", "category": "Characters", "tags": "Animal"},
    {"name": "Bulldog", "category": "Characters", "tags": "Animal"},
    {"name": "Siamese cat", "category": "Characters", "tags": "Animal"},
    {"name": "Bike", "tags": "Bicycle", "category": "Vehicles", "width": "60", "depth": "170", "height": "100"},
    {"name": "Yamaha YZR R6", "category": "Vehicles"},
    {"name": "Ford Focus", "category": "Vehicles"},
    {"name": "Male", "category": "Characters"},
    {"name": "Sitting girl", "category": "Characters"},
    {"name": "Chair", "category": "Living room"},
    {"name": "Chair", "category": "Living room"},
    {"name": "Oak chair", "category": "Living room"},
    {"name": "Deer", "tags": "Decoration"},
    {"name": "Motorbike", "tags": "Child"},
    {"name": "Gizmo 02", "category": "Kitchen"},
    {"name": "Arrow turn right", "tags": "Road"},
    {"name": "Keyboard"},
]


@pytest.fixture
def settings(tmp_path):
    sh3f(tmp_path / "libs" / "a.sh3f", MODELS, chinese={14: "小玩意"})
    return Settings(model_libraries=str(tmp_path / "libs"), models_cache=tmp_path / "cache")


@pytest.fixture
def library(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(libraries, "SHIPPED", tmp_path / "nothing")
    return Library.of_run(tmp_path / "run", settings=settings)


@pytest.mark.parametrize(
    ("phrase", "key", "looks"),
    [
        ("dogs", "dog", []), ("a dog", "dog", []), ("狗", "dog", []), ("一只小狗", "dog", []),
        ("bulldogs", "dog", ["bulldog"]), ("斗牛犬", "dog", ["bulldog"]),
        ("cats", "cat", []), ("猫", "cat", []), ("siamese cat", "cat", ["siamese cat"]),
        ("bicycles", "bicycle", []), ("bikes", "bicycle", []), ("自行车", "bicycle", []),
        ("motorbikes", "motorcycle", []), ("摩托车", "motorcycle", []), ("cars", "car", []), ("汽车", "car", []),
        ("person with face mask", "masked person", []), ("people wearing helmets", "worker", []),
        ("persons without a hard hat", "bareheaded worker", []), ("faces", "face", []), ("a helmet", "hard hat", []),
        ("people", "person", []), ("persons", "person", []), ("men", "man", []), ("男人", "man", []),
        ("children", "child", []), ("girls", "child", []),
        ("oak chairs", "chair", ["oak chair"]), ("gizmos", "gizmo", []), ("小玩意", "gizmo", []),
        ("electronic keyboard", "electronic keyboard", []), ("spring riders", "spring rider", []),
    ],
)  # fmt: skip
def test_names_are_understood(library, phrase, key, looks):
    assert library.find(phrase) == (key, looks)


@pytest.mark.parametrize(
    "phrase",
    [
        "deer",  # the model is a statuette
        "keyboard", "keyboards",  # a musician's, not a computer's
        "arrow turn right", "dog food", "hot dog stand", "toy dog", "sea dogs", "热狗", "熊猫", "women", "ford focus",
    ],
)  # fmt: skip
def test_nothing_is_drawn_under_the_name_of_something_else(library, phrase):
    found = library.find(phrase)  # the catalogue may well have it
    assert found is None or not any(look.models for look in library.spec(found[0]).appearances)


@pytest.mark.parametrize(
    ("request_text", "keys"),
    [
        ("detect dogs", ["dog"]), ("find motorbikes", ["motorcycle"]), ("给我一个自行车检测器", ["bicycle"]),
        ("tell cats from dogs", ["cat", "dog"]), ("count people", ["person"]), ("帮我识别狗和猫", ["dog", "cat"]),
    ],
)  # fmt: skip
def test_requests_offline(library, request_text, keys):
    understood = understand(request_text, library.find)
    assert [library.find(c.name)[0] for c in understood.classes] == keys and not understood.question


def test_models_of_one_name_are_appearances_of_one_class(library):
    person, chair = library.spec("person"), library.spec("chair")
    assert {a.name: a.models for a in person.appearances if a.models} == {"male": ["Lib#7"], "sitting girl": ["Lib#8"]}
    built_in = catalogue()["chair"]
    looks = {a.name: a for a in chair.appearances}
    assert looks["chair"].models == ["Lib#9", "Lib#10"] and looks["oak chair"].models == ["Lib#11"]
    assert [a.name for a in chair.appearances[: len(built_in.appearances)]] == [a.name for a in built_in.appearances]
    models = sum(a.weight for a in chair.appearances if a.models)
    assert models == pytest.approx(sum(a.weight for a in built_in.appearances))
    assert chair.parts == built_in.parts and catalogue()["chair"] is built_in


def test_models_join_a_thing_that_the_catalogue_calls_otherwise(tmp_path):
    built_in = ObjectSpec.model_validate(
        {
            "name": "motorbike", "aliases": ["motorcycle", "scooter"], "size_m": 2,
            "materials": {"a": {"colours": ["#808080"]}},
            "parts": [{"shape": "box", "material": "a", "size": [1, 1, 2]}],
        }
    )  # fmt: skip
    models = read_sh3f(sh3f(tmp_path / "a.sh3f", [{"name": "Yamaha YZR R6"}, {"name": "Brush"}, {"name": "Scooter"}]))
    made = things.ModelThings(models, {"motorbike": built_in, "paint brush": catalogue()["paint brush"]})
    assert sorted(made.specs) == ["brush", "motorbike"]  # a stranger's brush is not the catalogue's paint brush
    assert [a.models for a in made.specs["motorbike"].appearances] == [[], ["Lib#1"], ["Lib#3"]]
    assert made.find("摩托车") == made.find("motor cycles") == ("motorbike", [])


def test_size_and_places_come_from_the_catalogue(library):
    assert (
        library.spec("bicycle").size_m == pytest.approx(1.7, abs=0.1) and library.spec("bicycle").contexts[0] == "road"
    )
    assert library.spec("gizmo").contexts == ["floor"] and library.spec("bicycle").rests == ["upright"]


def test_a_bulldog_is_never_left_unlabelled_among_dogs(library):
    classes = resolve_classes([ClassArgument(name="dog"), ClassArgument(name="cat")], library)
    task = TaskSpec(kind="detect", classes=classes, budget=Budget(images=9, rounds=1))
    specs = {key: library.spec(key) for key in library.keys()}  # noqa: SIM118
    vocabulary = build_vocabulary(task, specs, 0.8)
    assert set(vocabulary.appearances["dog"]) >= {"dog", "bulldog"}
    assert "dog" not in {k.drawn_as for looks in vocabulary.lookalikes.values() for k in looks}
    both = resolve_classes([ClassArgument(name="bulldog"), ClassArgument(name="dog")], library)
    assert both[0].appearances == ["bulldog"]
    assert "dog" in both[1].appearances and "bulldog" not in both[1].appearances


def test_a_thousand_things_are_indexed_once(tmp_path, monkeypatch):
    monkeypatch.setattr(libraries, "SHIPPED", tmp_path / "nothing")
    sh3f(tmp_path / "big.sh3f", [{"name": "zork" + "abcdefghij"[i % 10] * (1 + i // 10)} for i in range(1000)])
    settings = Settings(model_libraries=str(tmp_path / "big.sh3f"), models_cache=tmp_path / "cache")
    read, formed, built = [], [], []
    monkeypatch.setattr(libraries, "read_library", lambda p, real=libraries.read_library: read.append(p) or real(p))
    monkeypatch.setattr(things, "forms", lambda n, real=things.forms: formed.append(n) or real(n))
    monkeypatch.setattr(things, "_spec", lambda *a, real=things._spec: built.append(a) or real(*a))
    first = Library.of_run(tmp_path / "run", settings=settings)
    assert len(first.keys()) >= 1000 + len(catalogue()) and len(built) == 1000
    work = len(formed)
    for _ in range(3):  # a plan asks hundreds of times, of a library made anew by each tool
        library = Library.of_run(tmp_path / "run", settings=settings)
        for phrase in ("zorka", "quux", "zorkbs", "苹果", "a zorkc"):
            library.find(phrase)
        assert library.spec("zorka").size_m == pytest.approx(0.9)
    assert len(read) == 1 and len(formed) == work and len(built) == 1000
    libraries._read.cache_clear()  # as in the next process: what was read is kept on disk
    libraries._things.cache_clear()
    assert Library.of_run(tmp_path / "run", settings=settings).find("zorka") == ("zorka", [])
    assert len(read) == 1


def test_a_library_that_changes_is_read_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(libraries, "SHIPPED", tmp_path / "nothing")
    settings = Settings(model_libraries=str(tmp_path / "a.sh3f"), models_cache=tmp_path / "cache")
    sh3f(tmp_path / "a.sh3f", [{"name": "zorka"}])
    assert Library.of_run(tmp_path, settings=settings).find("zorkb") is None
    sh3f(tmp_path / "a.sh3f", [{"name": "zorkb"}, {"name": "zorkc"}])
    assert Library.of_run(tmp_path, settings=settings).find("zorkb") == ("zorkb", [])


def test_libraries_are_found_by_themselves(tmp_path, monkeypatch):
    monkeypatch.setattr(libraries, "SHIPPED", tmp_path / "nothing")
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "share"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    settings = Settings(models_dir=tmp_path / "own", models_cache=tmp_path / "cache")
    places = [
        sh3f(tmp_path / "share/sweethome3d/furniture/a.sh3f", [{"name": "zorka"}]),
        sh3f(tmp_path / "home/.eteks/sweethome3d/furniture/b.sh3f", [{"id": "x", "name": "zorkb"}]),
        folder(tmp_path / "own/c", {"name": "zorkc"}),
    ]
    found = ModelLibraries.of(settings)
    assert sorted(found.paths) == sorted(places)
    assert all(found.things.find(n) for n in ("zorkas", "zorkbs", "zorkcs"))


def test_a_broken_library_is_left_out_when_found_and_refused_when_named(tmp_path, monkeypatch):
    monkeypatch.setattr(libraries, "SHIPPED", tmp_path / "nothing")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "bad.sh3f").write_bytes(b"nonsense")
    sh3f(tmp_path / "own" / "good.sh3f", [{"name": "zorka"}])
    settings = Settings(models_dir=tmp_path / "own", models_cache=tmp_path / "cache")
    assert ModelLibraries.of(settings).things.find("zorka")
    bad, good = about_libraries(ModelLibraries.of(settings))
    assert "bad.sh3f" in bad["problem"] and (good["models"], good["adds"], good["problem"]) == (1, 1, "")
    named = Settings(model_libraries=str(tmp_path / "own" / "bad.sh3f"), models_cache=tmp_path / "cache")
    with pytest.raises(FixArguments, match=r"bad\.sh3f"):
        Library.of_run(tmp_path, settings=named).find("zorka")
    with pytest.raises(FixArguments, match="does not exist"):
        ModelLibraries.of(Settings(model_libraries=str(tmp_path / "nowhere")))
    with pytest.raises(FixArguments, match=r"no \.sh3f file"):
        ModelLibraries.of(Settings(model_libraries=str(tmp_path)))


def test_a_worker_knows_the_same_things(library):
    other = Library.load(library.dump())
    assert other.spec("dog") == library.spec("dog") and other.model("Lib#2")[0].name == "Bulldog"
    assert other.model("Lib#2")[1] == "coat" and other.model("Lib#6")[1] == "made"
    with pytest.raises(StepFailed, match="in no model library"):
        other.model("Lib#99")


def test_a_language_model_cannot_name_models(library):
    spec = {"name": "gadget", "size_m": 1, "appearances": [{"name": "x", "models": ["Lib#1"]}]}
    with pytest.raises(FixArguments, match="`models`"):
        library.add_taught(ObjectSpec.model_validate(spec))


def test_the_table_of_words_is_sound():
    table = words()
    chinese: dict[str, str] = {}
    for word in table.values():
        assert word.broader is None or word.broader in table, word.name
        assert word.name == LEFT_OUT or plain(word.name) == word.name.replace("'", "").replace("-", " "), word.name
        for name in (*word.aliases, word.name):
            other = table.get(name)
            assert other is None or other is word, f"{name} is a word of its own and means {word.name}"
        for name in word.chinese:
            assert chinese.setdefault(name, word.name) == word.name, f"{name}: {chinese[name]} and {word.name}"
        assert root(word.name) in table
