"""Words about exact scenes: what is exported is true of the scene, balanced, and read by others' readers."""

import contextlib
import io
import json
from collections import Counter, defaultdict

import numpy as np
import pytest

from tests.pipeline import new_run
from tools.core.errors import FixArguments, StepFailed
from tools.data.formats.dialogues import read_dialogues
from tools.data.images import read_image
from tools.language import make
from tools.language.balance import MOST_SHARE
from tools.language.check import Checker
from tools.language.facts import CLUTTER, facts_of, vocabulary
from tools.language.questions import Pair, captions_of, pairs_of
from tools.runs.runtime import Round
from tools.scenes.scene import SceneObject, SceneSpec
from tools.steps.export_dataset import export
from tools.steps.generate import generate

CLASSES = ("apple", "pear", "plum tomato")
LOOKALIKE = "balloon"
SIZE = 128
CAPTION_ASKED = ("Describe", "What does", "Say")


def scene(number):
    """Things on a loose grid, so that some are apart, some overlap, and some are hidden."""
    rng = np.random.default_rng(number)
    spots = rng.permutation([(x, y) for x in (0.18, 0.5, 0.82) for y in (0.2, 0.52, 0.84)])[: number % 6]
    objects = []
    for depth, (x, y) in enumerate(spots):
        name = (*CLASSES, LOOKALIKE)[int(rng.integers(4))]
        side = float(rng.uniform(0.16, 0.34))
        objects.append(
            SceneObject(
                role="lookalike" if name == LOOKALIKE else "target", class_name=None if name == LOOKALIKE else name,
                drawn_as=name, appearance=("ripe", "raw")[int(rng.integers(2))],
                box=(float(x + rng.uniform(-0.05, 0.05)), float(y + rng.uniform(-0.05, 0.05)), side, side),
                depth=depth, occlusion=float(rng.choice([0.0, 0.0, 0.45])),
            )
        )  # fmt: skip
    light = ("overcast", "studio light")[number % 2]
    return SceneSpec(context="table", light=light, objects=objects, family=str(number), seed=number)


def make_run(folder, count=60, **options):
    run = new_run(folder, *CLASSES, size_px=SIZE, **options)
    run.record.rounds.append(Round(number=1))
    run.dataset.add_scenes(1, [scene(n) for n in range(count)])
    generate(run)
    splits = ("train", "train", "val", "test")
    run.dataset.update_samples(
        {s.id: {"verdict": "kept", "split": splits[k % 4]} for k, s in enumerate(run.dataset.samples())}
    )
    return run


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("run"))
    answer = json.loads(export(run, ["llava", "sharegpt", "coco-captions"]))
    return run, run.folder / "export", answer


def checkers(run, names):
    scenes = {s.id: s for s in run.dataset.scenes()}
    samples = list(run.dataset.samples(verdict="kept"))
    return {s.id: Checker(s, scenes[s.scene_id], read_image(run.path(s.image)), names) for s in samples}


def turns_of(folder):
    found = []
    for split in ("train", "val", "test"):
        for identity, image, turns in read_dialogues((folder / f"{split}.json").read_text(encoding="utf-8")):
            assert (folder / image).is_file()
            found += [(identity, q, a) for q, a in turns]
    return found


def form(question):
    return " ".join(question.split()[:2])


def test_every_answer_in_the_files_follows_from_the_scene_and_an_exchanged_one_does_not(exported):
    run, folder, _ = exported
    names = (*CLASSES, LOOKALIKE)
    judges = checkers(run, names)
    turns = turns_of(folder / "dataset_llava")
    let_pass, kinds = [], Counter()
    everything = defaultdict(set)
    for _, question, answer in turns:
        everything[form(question)].add(answer)
    for identity, question, answer in turns:
        if question.startswith(CAPTION_ASKED):
            assert judges[identity].caption_problem(answer) is None
            continue
        assert judges[identity].problem(question, answer) is None
        kinds[question.split()[0]] += 1
        for other in sorted(everything[form(question)] - {answer})[:6]:
            if judges[identity].problem(question, other) is None:
                let_pass.append((question, answer, other))
    # A thing may be meant in several ways, and a colour have two names; nothing else that is exchanged passes.
    assert not [p for p in let_pass if not p[0].startswith(("What colour", "What is in"))], let_pass[:5]
    assert all(a.split()[-1] == other.split()[-1] for q, a, other in let_pass if q.startswith("What is in"))
    assert sum(q.startswith("What colour") for q, _, _ in let_pass) < 0.02 * len(turns)
    assert len(turns) > 300 and {"How", "Is", "Where", "Please", "What"} <= set(kinds)


def test_both_dialects_say_the_same_and_name_the_image_once(exported):
    _, folder, _ = exported
    assert turns_of(folder / "dataset_llava") == turns_of(folder / "dataset_sharegpt")
    info = json.loads((folder / "dataset_sharegpt/dataset_info.json").read_text())
    assert info["sightsmith_val"]["columns"] == {"messages": "conversations", "images": "images"}
    entry = json.loads((folder / "dataset_llava/train.json").read_text())[0]
    assert set(entry) == {"id", "image", "conversations"}
    assert entry["conversations"][0]["value"].startswith("<image>\n")


def test_yes_and_no_are_even_name_by_name_and_no_open_answer_is_everywhere(exported):
    _, folder, answer = exported
    asked = defaultdict(Counter)
    for _, question, said in turns_of(folder / "dataset_llava"):
        if question.startswith(("Is there a", "Are there exactly")) and said in ("yes", "no"):
            asked[question][said] += 1
    assert len(asked) > 4 and all(counts["yes"] == counts["no"] for counts in asked.values())
    balance = json.loads((folder / "dataset_llava/balance.json").read_text())
    assert balance["kinds"]["exists"]["blind"] == 0.5
    counted = Counter(a for _, q, a in turns_of(folder / "dataset_llava") if q.startswith("How many"))
    first, second = (count for _, count in counted.most_common(2))
    assert counted["none"] and len(counted) > 2 and first <= max(second, MOST_SHARE * sum(counted.values()))
    assert sum(balance["difficulty"].values()) == balance["pairs"] and len(balance["difficulty"]) == 3
    assert {"count", "exists", "where", "relation", "occlusion", "none", "referring", "region"} <= set(balance["kinds"])
    assert answer["language"]["pairs"] == balance["pairs"]


def test_pycocotools_reads_captions_and_the_masks_of_referring_expressions(exported):
    from pycocotools.coco import COCO

    run, folder, _ = exported
    truth = {s.id: [(i.class_name, i.mask(SIZE, SIZE)) for i in (*s.instances, *s.lookalikes)]
             for s in run.dataset.samples(verdict="kept")}  # fmt: skip
    sentences = 0
    for split in ("train", "val", "test"):
        place = folder / "dataset_coco-captions/annotations"
        with contextlib.redirect_stdout(io.StringIO()):
            captions, referring = (COCO(str(place / f"{what}_{split}.json")) for what in ("captions", "referring"))
        assert all(a["caption"].startswith("A photo of") for a in captions.anns.values()) and captions.anns
        names = {c["id"]: c["name"] for c in referring.dataset["categories"]}
        for annotation in referring.anns.values():
            image = referring.imgs[annotation["image_id"]]
            mask, name = referring.annToMask(annotation).astype(bool), names[annotation["category_id"]]
            assert any(n == name and (m == mask).all() for n, m in truth[image["file_name"].rpartition(".")[0]])
            assert all(name in sentence for sentence in annotation["sentences"])
            sentences += len(annotation["sentences"])
    assert sentences > 60


def test_what_the_check_does_not_find_in_the_scene_is_left_out_and_counted(tmp_path, monkeypatch):
    run = make_run(tmp_path, 12)
    right = make.pairs_of

    wrong = Pair("count", "How many apples are there in the picture?", "11", "x", "easy")

    def also_wrong(facts, names, colours):
        return [*right(facts, names, colours), wrong]

    monkeypatch.setattr(make, "pairs_of", also_wrong)
    answer = json.loads(export(run, ["llava"]))
    assert answer["language"]["refused_by_the_check"]["count"] == 12
    assert not [a for _, _, a in turns_of(run.folder / "export/dataset_llava") if a == "11"]


def test_a_thing_that_nobody_labelled_is_never_counted_past(tmp_path):
    run = make_run(tmp_path, 12)
    scenes = {s.id: s for s in run.dataset.scenes()}
    sample = next(s for s in run.dataset.samples() if sum(i.class_name == "apple" for i in s.instances) == 2)
    image, names = read_image(run.path(sample.image)), vocabulary([sample], CLASSES)
    whole = facts_of(sample, scenes[sample.scene_id], image, names, CLASSES)
    gone = next(k for k, i in enumerate(sample.instances) if i.class_name == "apple")
    less = sample.model_copy(update={"instances": [i for k, i in enumerate(sample.instances) if k != gone]})
    facts = facts_of(less, scenes[sample.scene_id], image, names, CLASSES)
    assert "apple" in whole.sure and "apple" not in facts.sure
    about = [p.question for p in pairs_of(facts, names, {}) if "apple" in p.question]
    assert not about and not captions_of(facts)


def test_photos_and_labels_of_models_are_left_out_and_named(tmp_path):
    run = make_run(tmp_path, 12)
    samples = [s for s in run.dataset.samples() if s.instances]
    for sample in samples[:-1]:
        run.dataset.set_instances(sample.id, [i.model_copy(update={"source": "model"}) for i in sample.instances])
    answer = json.loads(export(run, ["sharegpt"]))
    assert answer["language"]["pictures_without_exact_labels"] == len(samples) - 1
    last = samples[-1]
    run.dataset.set_instances(last.id, [i.model_copy(update={"source": "human"}) for i in last.instances])
    for sample in run.dataset.samples():
        if not sample.instances:
            run.dataset.update_samples({sample.id: {"verdict": "dropped"}})
    with pytest.raises(StepFailed, match="rendered or pasted"):
        export(run, ["llava"])


def test_an_unknown_format_names_the_known_ones(tmp_path):
    with pytest.raises(FixArguments, match="coco-captions"):
        export(make_run(tmp_path, 2), ["llava-next"])


def test_a_second_export_writes_nothing_anew(tmp_path):
    run = make_run(tmp_path, 8)
    export(run, ["llava"])
    path = run.folder / "export/dataset_llava/train.json"
    before = path.stat().st_mtime_ns
    export(run, ["llava"])
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("classes", "spoken"),
    [
        (["apple", "pear"], ("apple", "pear")),
        (["glass", "glasses"], ()),  # the plural of one is the other
        (["苹果"], ("苹果",)),
    ],
)
def test_names_that_cannot_be_told_apart_are_not_spoken_of(classes, spoken):
    assert vocabulary([], classes) == spoken


def test_what_stands_about_in_the_renderers_places_is_never_spoken_of_as_a_lookalike():
    from tools.generators.blender import props

    groups = [*props.PROPS.values(), *props.LARGE_PROPS.values(), props.FRONT, props.OVER, props.IN_THE_AIR]
    groups += [props.LARGE_FRONT, props.LARGE_OVER]
    names = {name for group in groups for prop in group for name in prop.names}
    assert names <= CLUTTER
