"""Images say where they come from, exports say nothing else, and photos that come in are asked."""

import json

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tests.pipeline import new_run
from tests.tools.certificates import write_certificate
from tools.core.errors import StepFailed
from tools.core.settings import Settings
from tools.data.images import read_image, write_image
from tools.data.metadata import write_bare
from tools.data.origin import GENERATED, carry, count_generated, is_marked, mark, read_origin, sentence, source_type
from tools.data.signing import signer_of
from tools.runs.runtime import Round
from tools.scenes.scene import SceneObject, SceneSpec
from tools.steps.export_dataset import export
from tools.steps.generate import generate

MARKED = (".jpg", ".png", ".webp")
GPS, ORIENTATION, ARTIST = 0x8825, 0x0112, 0x013B


def noise(height=40, width=60, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def photo(path, orientation=1, **about):
    """A photo with a place, a name and a comment."""
    exif = Image.Exif()
    exif[ARTIST], exif[ORIENTATION] = "Jane Doe", orientation
    exif.get_ifd(GPS).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    options = {"exif": exif, **about}
    if path.suffix == ".png":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Author", "Jane Doe")
    if path.suffix == ".jpg":
        options |= {"comment": b"Jane Doe", "quality": 95}
    Image.fromarray(noise()).save(path, **options)
    return path


def says(path, what=b"Jane Doe"):
    with Image.open(path) as image:
        exif = image.getexif()
        return what in path.read_bytes() or bool(exif.get_ifd(GPS)) or ARTIST in exif


@pytest.mark.parametrize("suffix", MARKED)
def test_a_mark_is_read_again_by_pillow_and_no_pixel_changes(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_image(path, noise(41, 61))
    before = read_image(path)
    mark(path, "algorithmicMedia")
    assert (read_image(path) == before).all() and is_marked(path, "algorithmicMedia")
    with Image.open(path) as image:
        xmp = image.getxmp()["xmpmeta"]["RDF"]["Description"]
    assert xmp["DigitalSourceType"] == "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
    assert read_origin(path).source_type == "algorithmicMedia" and read_origin(path).is_generated
    mark(path, "compositeSynthetic")  # said anew, not twice
    assert path.read_bytes().count(b"DigitalSourceType") == 1
    assert not is_marked(path, "algorithmicMedia") and is_marked(path, "compositeSynthetic")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_transparency_and_palettes_stay(tmp_path, mode, suffix):
    if (mode, suffix) == ("P", ".webp"):
        pytest.skip("WebP has no palette")
    path = tmp_path / f"a{suffix}"
    image = Image.fromarray(noise()).convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.fromarray(noise(seed=1)[..., 0]))
    image.save(path, lossless=True)
    before = read_image(path)
    mark(path, "trainedAlgorithmicMedia")
    assert (read_image(path) == before).all() and read_origin(path).is_generated
    with Image.open(path) as image:
        assert (image.mode == "RGBA") == (mode == "RGBA")


@pytest.mark.parametrize(
    ("engine", "provenance", "kind"),
    [
        ("blender", {}, "algorithmicMedia"),
        ("copy_paste", {"background": "drawn by formula"}, "compositeSynthetic"),
        ("copy_paste", {"background": "grass/1.jpg"}, "compositeCapture"),
        ("repaint", {}, "compositeWithTrainedAlgorithmicMedia"),
        ("diffusion", {}, "trainedAlgorithmicMedia"),
        ("openai_images", {}, "trainedAlgorithmicMedia"),
        ("mine:Engine", {"digital_source_type": "digitalCreation"}, "digitalCreation"),
        ("real", {}, None),
        ("photo", {}, None),
    ],
)
def test_what_an_engine_makes_is_called_by_the_vocabulary(engine, provenance, kind):
    assert source_type(engine, provenance) == kind
    assert kind in GENERATED | {None, "compositeCapture"}


@pytest.mark.parametrize("suffix", [*MARKED, ".tif", ".gif", ".bmp"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_bare_copy_holds_the_pixels_as_shown_and_nothing_of_anybody(tmp_path, suffix, orientation):
    original = photo(tmp_path / f"a{suffix}", orientation)
    shown = read_image(original)
    copy = tmp_path / f"b{suffix}"
    write_bare(original, copy)
    assert not says(copy)
    seen = read_image(copy)
    assert seen.shape == shown.shape
    exact = orientation == 1 or suffix in (".png", ".tif", ".bmp")
    assert (seen == shown).all() if exact else np.abs(seen.astype(int) - shown).mean() < 12


def make_run(folder, **options):
    run = new_run(folder, "apple", **options)
    run.record.rounds.append(Round(number=1))
    thing = SceneObject(class_name="apple", drawn_as="apple", box=(0.5, 0.5, 0.4, 0.4))
    scenes = [SceneSpec(context="table", light="sun", family=str(k), seed=k, objects=[thing]) for k in range(4)]
    run.dataset.add_scenes(1, scenes)
    generate(run)
    run.dataset.update_samples({s.id: {"verdict": "kept", "split": "train"} for s in run.dataset.samples()})
    return run


def test_every_image_that_is_made_says_so(tmp_path):
    run = make_run(tmp_path)
    samples = list(run.dataset.samples())
    assert len(samples) == 4
    for sample in samples:
        assert is_marked(run.path(sample.image), "trainedAlgorithmicMedia")  # an engine that says nothing else
        assert sample.provenance["digital_source_type"] == "trainedAlgorithmicMedia"


@pytest.mark.parametrize("form", ["yolo", "coco", "voc", "cvat", "llava", "sharegpt", "coco-captions"])
def test_no_export_holds_exif_or_a_place(tmp_path, form):
    run = make_run(tmp_path)
    sample = next(run.dataset.samples())
    written = run.path(sample.image)  # as an engine of somebody's might write it
    with Image.open(written) as image:
        exif = Image.Exif()
        exif[ARTIST] = "Jane Doe"
        exif.get_ifd(GPS).update({1: "N", 2: (52.0, 31.0, 12.0)})
        image.save(written, exif=exif)
    export(run, [form])
    images = [p for p in (run.folder / f"export/dataset_{form}").rglob("*") if p.suffix == ".png"]
    assert len(images) == 4
    for path in images:
        assert not says(path) and is_marked(path, "trainedAlgorithmicMedia")
        assert (read_image(path) == read_image(next(run.folder.glob(f"images/*/{path.name}")))).all()


def test_with_a_key_exported_images_carry_a_manifest_that_fits_them(tmp_path):
    chain, key = write_certificate(tmp_path)
    run = make_run(tmp_path / "run", c2pa_certificate=chain, c2pa_key_file=key)
    export(run, ["coco"])
    images = sorted((run.folder / "export/dataset_coco/images").rglob("*.png"))
    assert len(images) == 4
    for path in images:
        origin = read_origin(path)
        assert (origin.c2pa, origin.valid, origin.made_with) == (True, True, "Sightsmith")
        assert origin.source_type == "trainedAlgorithmicMedia"
    changed = tmp_path / "changed.png"
    with Image.open(images[0]) as image:
        size = image.size
    content = bytearray(images[0].read_bytes())
    content[-20] ^= 0xFF  # of the pixels
    changed.write_bytes(content)
    assert size and read_origin(changed).valid is False


def test_a_key_that_is_not_the_certificates_is_said(tmp_path):
    chain, _ = write_certificate(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    _, key = write_certificate(other)
    image = tmp_path / "a.png"
    write_image(image, noise())
    with pytest.raises(StepFailed, match=r"chain\.pem with key\.pem"):
        signer_of(Settings(c2pa_certificate=chain, c2pa_key_file=key)).sign(
            image, tmp_path / "b.png", "algorithmicMedia"
        )
    assert not (tmp_path / "b.png").exists()
    with pytest.raises(StepFailed, match="both"):
        signer_of(Settings(c2pa_certificate=chain))
    with pytest.raises(StepFailed, match=r"none\.pem"):
        signer_of(Settings(c2pa_certificate=chain, c2pa_key_file=tmp_path / "none.pem"))
    assert signer_of(Settings()) is None


def test_photos_that_come_in_are_asked(tmp_path):
    plain, made = photo(tmp_path / "plain.jpg"), tmp_path / "made.jpg"
    write_image(made, noise())
    mark(made, "trainedAlgorithmicMedia")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    assert count_generated([plain, made, tmp_path / "broken.jpg"]) == (1, 0)
    assert sentence(1, 0, 3).startswith("1 of 3 photos are marked as generated")
    assert sentence(0, 0, 3) is None
    copy = tmp_path / "copy.png"
    write_image(copy, read_image(made))
    carry(made, copy)
    assert read_origin(copy).source_type == "trainedAlgorithmicMedia"


def test_the_reader_of_labelled_photos_says_how_many_are_generated(tmp_path):
    from tools.core.task import Budget, ClassSpec, TaskSpec
    from tools.data.real import read_photos

    (tmp_path / "apple").mkdir()
    (tmp_path / "pear").mkdir()
    for k in range(4):
        path = tmp_path / ("apple", "pear")[k % 2] / f"{k}.png"
        write_image(path, noise(64, 64, k))
        if k == 3:
            mark(path, "trainedAlgorithmicMedia")
    classes = [ClassSpec(name="apple"), ClassSpec(name="pear")]
    task = TaskSpec(kind="classify", classes=classes, budget=Budget(images=1, rounds=1))
    _, notes = read_photos(tmp_path, task, {"apple": "apple", "pear": "pear"})
    assert any("1 of 4 photos are marked as generated" in note for note in notes), json.dumps(notes)


def test_labelling_says_that_a_photo_is_generated_and_its_copy_keeps_the_mark(tmp_path):
    from tools.data.photo_files import find_photos, read_photo

    path = tmp_path / "a.png"
    write_image(path, noise())
    mark(path, "trainedAlgorithmicMedia")
    assert read_photo(next(find_photos([path]))).notes == ["marked as generated (trainedAlgorithmicMedia)"]
