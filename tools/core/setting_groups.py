"""The settings by group: every default and threshold of Sightsmith, with its reason.

`Settings` (`settings.py`) holds a group in a field of its own: `settings.service.queue`. Outside a setting has one flat
name, `service_queue`, and one variable of the environment, `SIGHTSMITH_SERVICE_QUEUE`: the group's prefix and the
field's name, or the field's alias where the two differ.
"""

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, NonNegativeFloat, SecretStr


def check_ray_address(value: str | None) -> str | None:
    """The address of a cluster's head, once it looks like one.

    Raises:
        ValueError: it does not; asking Ray would take minutes to say so.
    """
    if value is None:
        return None
    found = re.fullmatch(r"(?:ray://)?(?:[\w.-]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})", value)
    if found is None or not 0 < int(found[1]) < 65536:
        raise ValueError(f"{value!r}: write host:port or ray://host:port, such as 10.0.0.5:6379")
    return value


def _number(value: Any) -> Any:
    """Numbers from the environment come as text, which is none of a list of numbers."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _without_user(address: str) -> str:
    """An address that is written down, and so holds nothing secret."""
    if "@" in urlsplit(address if "://" in address else f"//{address}").netloc:
        raise ValueError("must hold neither user nor password: this address is kept with the run")
    return address


def _from_json(value: Any) -> Any:
    """Lists and mappings from the environment come as JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError(f'must be JSON, such as ["a", "b"] or {{"a": "b"}}: {error}') from error


def _price_pair(value: Any) -> Any:
    """Two prices, which come from the environment as JSON."""
    if isinstance(value, str):
        with suppress(ValueError):
            value = json.loads(value)
    if value is not None and not (isinstance(value, list | tuple) and len(value) == 2):
        raise ValueError("must be two numbers, of a million tokens read and written, such as [0.4, 1.6]")
    return value


ViewCount = Annotated[Literal[1, 2, 6], BeforeValidator(_number)]
Address = Annotated[str, AfterValidator(_without_user)]
NameList = Annotated[list[str], BeforeValidator(_from_json)]
ClassNames = Annotated[dict[str, str], BeforeValidator(_from_json)]
ClassPhrases = Annotated[dict[str, list[str]], BeforeValidator(_from_json)]


class SettingGroup(BaseModel):
    """Settings that belong together; the first line of a group's docstring is its heading."""

    model_config = ConfigDict(
        extra="ignore", allow_inf_nan=False, hide_input_in_errors=True, populate_by_name=True, loc_by_alias=False
    )
    prefix: ClassVar[str] = ""  # of the flat names
    variable_prefix: ClassVar[str] = "SIGHTSMITH_"


class ClusterSettings(SettingGroup):
    """Where images are made, scored and labelled: here, or on a Ray cluster (the extra `cluster`)."""

    engine: Literal["local", "ray"] = "local"
    # "host:port" of the cluster's head; None: RAY_ADDRESS, else this machine's cores
    ray_address: Annotated[Address | None, AfterValidator(check_ray_address)] = None
    # A worker imports torch and loads its weights within seconds, and machines that are added come up within minutes.
    ray_start_timeout_s: float = Field(300.0, gt=0)


class LlmSettings(SettingGroup):
    """The language model."""

    prefix = "llm_"

    # auto: an endpoint when OPENAI_API_KEY or OPENAI_BASE_URL is set, else the offline planner
    name: str = Field("auto", validation_alias="llm")
    timeout_s: float = 60.0
    retries: int = 3  # by the openai client, for 429, 5xx and time-outs
    max_tokens: int = Field(4096, ge=256)  # of one answer: four times the longest object that a model describes
    max_calls: int = 120  # a two-round run needs about 20
    max_repeats: int = 3  # the same call with the same arguments this often in a row is a loop
    max_empty: int = 2  # answers with neither text nor a tool call
    max_errors: int = 6  # refused calls in a row
    # US dollars a million tokens, read and written ("[0.4, 1.6]"); None: what the endpoint says, where it does
    price: Annotated[tuple[NonNegativeFloat, NonNegativeFloat] | None, BeforeValidator(_price_pair)] = None
    # At api.openai.com; a server of one's own is asked what it serves.
    openai_default: str = Field("gpt-4.1-mini", validation_alias="openai_default")


class OpenAISettings(SettingGroup):
    """Where the language model is asked: the variables that every OpenAI client reads."""

    prefix = "openai_"
    variable_prefix = ""

    api_key: SecretStr | None = None
    model: str | None = None  # None: openai_default, or the server's
    base_url: SecretStr | None = None


class PlanSettings(SettingGroup):
    """The least and the most that a plan may hold."""

    min_images: int = 24  # fewer cannot be split into train, val and test with every class in each
    max_images: int = 100_000


class EstimateSettings(SettingGroup):
    """What a plan takes: seconds of wall clock on two cores at 320 px, scaled to size and cores."""

    prefix = "estimate_"

    # Until the machine has runs of its own (`tools/runs/pace.py`): whole runs took 0.77 s and 31 a second on one CPU,
    # 0.99 s and 18 a second on a slower one, validation included.
    render_s: float = 0.85  # an image with masks
    train_images_per_s: float = 30.0  # forward, backward, augmentation
    predict_s: float = 0.06  # an image in an evaluation
    photo_s: float = 0.3  # a photo in one: it gets more looks than a rendered image
    picture_s: float = 0.03  # scoring, embedding and labelling an image
    round_s: float = 6.0  # starting engines, validation, diagnosis
    finish_s: float = 16.0  # exports and the report


class SceneSettings(SettingGroup):
    """Scenes."""

    negative_share: float = 0.14  # deliberate empties: about 1 in 7 keeps false alarms down without starving recall
    lookalike_share: float = 0.5  # of the negatives, and of the other scenes, this share holds look-alikes
    named_context_share: float = 0.8  # of the scenes, when the request names a place
    focus_share: float = 0.6  # of a later round's scenes aim at weak slices; the rest keeps what is known
    # Of a round's objects goes to the classes that are aimed at, together; the rest keeps the others known.
    weak_class_share: float = Field(0.68, gt=0, le=1)
    first_round_share: float = Field(0.5, gt=0, le=1)  # of the image budget goes to round 1


class GenerationSettings(SettingGroup):
    """Generation."""

    generator: str = "blender"
    workers: int | None = None  # None: one a core
    scene_attempts: int = 2  # a scene that kills its worker twice is recorded as failed
    # Images that an engine of words draws of one layout, of which the best by CLIS is kept (Auto Cherry-Picker,
    # arXiv 2406.20085, draws 16); 1: each is paid for in time or money, and what it gains is not measured here.
    candidates: int = Field(1, ge=1, le=64)


class RenderSettings(SettingGroup):
    """Generation by rendering."""

    prefix = "render_"

    samples: int = 3  # with the fast denoiser no visible difference to 64 at 320 px; 5 cost a third more
    timeout_s: float = 120.0  # a scene that takes longer is recorded as failed and its worker restarted


class ModelLibrarySettings(SettingGroup):
    """3D models that others made: libraries and folders beside those found by themselves."""

    prefix = "models_"

    libraries: str = Field("", validation_alias="model_libraries")  # separated as in PATH
    dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("sightsmith")) / "models")
    cache: Path = Field(default_factory=lambda: Path(platformdirs.user_cache_dir("sightsmith")) / "models")


class CopyPasteSettings(SettingGroup):
    """Generation by copy-paste."""

    # RGBA images of single things; index.json, file or folder names say what they show
    cutouts_dir: Path | None = None
    backgrounds_dir: Path | None = None  # photos without the targets; None: textures drawn by formula


class ImageServiceSettings(SettingGroup):
    """Generation by an image service (any OpenAI-compatible endpoint)."""

    prefix = "image_"

    model: str = "gpt-image-1-mini"  # the cheapest of OpenAI's at the time of writing
    # US dollars an image. Prices change and a cap that rests on a wrong one is none: it must be named; 0 for your own.
    price: float | None = Field(None, ge=0)
    size: str = "1024x1024"  # the one size that every model of the service's knows
    quality: str | None = None  # e.g. "low"; None leaves it to the service
    concurrency: int = Field(4, ge=1, le=64)  # requests at once
    requests_per_minute: float = Field(30.0, gt=0)  # lower than the limit of a small account would be refused
    timeout_s: float = 180.0  # a large image takes a minute
    attempts: int = Field(4, ge=1)  # 429, 5xx, time-outs and broken answers, together
    base_url: SecretStr | None = None  # None: openai_base_url
    api_key: SecretStr | None = None  # None: openai_api_key


class DiffusionSettings(SettingGroup):
    """Generation by diffusion."""

    prefix = "diffusion_"

    model: str = "auto"  # a name on the hub or a folder; auto: by memory, see tools/generators/diffusion.py
    size_px: int | None = Field(None, ge=64, multiple_of=8)  # None: what the model was trained on
    steps: int | None = Field(None, ge=1)  # None: by the model's family
    guidance: float | None = Field(None, ge=0)  # None: by the model's family
    batch: int | None = Field(None, ge=1)  # None: by free memory
    # A folder of sketches, edges, depth maps or what else the ControlNet beside it was trained on; layouts take turns.
    maps_dir: Path | None = None
    controlnet: str | None = None
    negative_prompt: str = (
        "text, watermark, logo, frame, collage, cartoon, drawing, painting, 3d render, blurred, deformed"
    )


class RepaintSettings(SettingGroup):
    """Renders repainted by diffusion."""

    prefix = "repaint_"

    controlnet: str = "lllyasviel/control_v11p_sd15_canny"  # goes with repaint_model
    model: str = "stable-diffusion-v1-5/stable-diffusion-v1-5"
    # Share of the noise schedule run again: SDEdit (arXiv 2108.01073) keeps outlines below about a half.
    strength: float = Field(0.35, gt=0, le=1)
    attempts: int = Field(2, ge=1)  # seeds tried before a drifted image is dropped
    # Of tools/generators/drift.py. Measured on 60 pasted objects of 40 to 140 px under filters that stand in for a
    # repainting, not on a network's own: in another tone, colour, blur, noise or style 97 % passed (88 % under a coarse
    # texture); of objects moved by a fifth of their size, shrunk or gone none, moved by a tenth 3 %, grown by a third
    # 10 %. What a diffusion model does to an outline may pass more or less often.
    min_agreement: float = Field(0.70, ge=0, le=1, validation_alias="min_repaint_agreement")


class VlmSettings(SettingGroup):
    """A vision model at any OpenAI-compatible endpoint: it reviews labels, and can be the judge of "clis"."""

    prefix = "vlm_"

    model: str | None = None  # None: nobody is asked
    price: float | None = Field(None, ge=0)  # US dollars a question, at most; must be named, as for images
    base_url: SecretStr | None = None  # None: openai_base_url
    timeout_s: float = 60.0
    attempts: int = Field(3, ge=1)
    # Answers to one photo, each paid for, until one fits the schema.
    describe_attempts: int = Field(2, ge=1, le=5, validation_alias="describe_attempts")


class CvatSettings(SettingGroup):
    """A CVAT server that labelled photos are fetched from and sent to (the extra `cvat`)."""

    prefix = "cvat_"

    url: SecretStr | None = None  # with a user and password in it, or beside a token
    token: SecretStr | None = None  # a personal access token
    # For one fetching or sending, most of which is the server's own work: it packs and unpacks a thousand photos.
    timeout_s: float = Field(1800.0, gt=0)
    poll_s: float = Field(2.0, gt=0)  # between two looks at what the server is at


class CurationSettings(SettingGroup):
    """Quality and curation."""

    scorer: str = "pixels"  # filters in order, joined by "+": pixels, clip, clis
    min_quality: float = 0.35  # of "pixels"; below it a person would throw the image away
    score_batch: int = Field(32, ge=1)  # images in memory at once
    # Share of a round's images that is kept, best first, class by class. Low-scored ones can be worse than none
    # (Auto Cherry-Picker, arXiv 2406.20085); 1 for renders, whose content is exact.
    keep_share: float = Field(1.0, gt=0, le=1)
    # Near-duplicates: greatest cosine to a kept sample. Measured on photos of one orchard: different ones at most 0.80,
    # 95 % of re-compressed, cut, relit or blurred copies above 0.92; renders on plain grounds are more alike.
    max_cosine: float = 0.95
    outlier_z: float = 4.0  # robust z-score of the mean cosine to the nearest neighbours of the same class
    outlier_neighbours: int = 5


class ClipSettings(SettingGroup):
    """The scorer "clip"."""

    prefix = "clip_"

    model: str = "openai/clip-vit-large-patch14"  # the model of X-Paste's filter; any CLIP, SigLIP or SigLIP 2
    floor: float | None = None  # None: by architecture, 0.21 for ViT-L/14 (X-Paste, ICML 2023)
    least_share: float = Field(0.5, ge=0, le=1)  # of a softmax over the text and all its distractors; ours
    max_cosine: float = 0.98  # the same for embeddings of "clip", which see content more than layout; ours


class ClisSettings(SettingGroup):
    """The scorer "clis"."""

    prefix = "clis_"

    # "vlm" asks once for the image and twice for each object, where the paper's judge is a language model too;
    # "clip" is the cheap stand-in.
    judge: Literal["clip", "vlm"] = "clip"
    # 0..100. CLIPScore of a caption that fits lies near 60 (2.5 x a cosine of 0.25), of others under 45; ours.
    floor: float = Field(45.0, ge=0, le=100)


class SplitSettings(SettingGroup):
    """Training, validation and test set."""

    prefix = "split_"

    val: float = 0.15  # with `split_test`: the rest, that teaches, matters more than a narrower interval
    test: float = 0.15
    # Of val and of test at least: some 100 objects give a 95 % interval of +- 0.08 about 0.8 (binomial); one label a
    # image wants more of them. Never more than `tools.steps.curate.MAX_MEASURED` of all.
    pictures: int = Field(24, ge=1)
    pictures_classify: int = Field(60, ge=1)


class AnnotationSettings(SettingGroup):
    """Labels of images that were made."""

    annotator: str = "exact"  # or detect_and_segment: for images that come without labels
    detector: str = "IDEA-Research/grounding-dino-tiny"  # Grounding DINO, OWL, or a file of YOLOE or YOLO-World
    second_detector: str | None = None  # labels on which two agree are better (Labeling Copilot, arXiv 2509.22631)
    # Least score of a label. None: as the authors use it, 0.35 Grounding DINO, 0.10 OWL, 0.5 SAM 3, 0.30 YOLO (apple
    # paper, arXiv 2411.11285); after calibration on labelled photos 0.5, more likely right than wrong.
    detector_confidence: float | None = Field(None, gt=0, lt=1)
    detector_flip: bool = True  # look at the mirrored image too and fuse
    detector_batch: int = Field(8, ge=1)
    fusion_iou: float = Field(0.55, gt=0, lt=1)  # boxes that overlap more are one (arXiv 1910.13302)
    phrases: ClassPhrases = Field(default_factory=dict)  # class -> what detectors hear instead of its phrase
    # "grabcut" needs no weights; else a file of segment-anything, or a folder or name of transformers (SAM, SAM 2)
    segmenter: str = "grabcut"
    sam_model: str = "facebook/sam-vit-base"  # taken for "segmenter" by itself where it is on this machine
    segmenter_batch: int = Field(64, ge=1)  # boxes decoded at once
    min_mask_quality: float = 0.5  # overlap that SAM itself expects, below which a mask is a failure; ours
    min_box_mask_iou: float = 0.5  # of a box and its mask's: below it the mask is of something else; ours
    crop_agreement: bool = True  # where a CLIP is at hand, a label's crop must look like its class
    count_tolerance: float = 0.5  # of the planned number of objects may be missing or too many in an image; ours
    calibration_photos: int = 60  # of real_val: about 100 objects settle two numbers
    audit_pictures: int = 40  # with exact masks, on which an annotator is measured
    min_instance_px: int = 12  # visible pixels below which an instance is not labelled: nobody could see it


class SigningSettings(SettingGroup):
    """Whose image is it: with both, exported images carry a C2PA manifest (PEM files; docs/privacy.md)."""

    prefix = "c2pa_"

    certificate: Path | None = None
    key_file: Path | None = None
    algorithm: Literal["es256", "es384", "es512", "ps256", "ps384", "ps512", "ed25519"] = "es256"


class TrainingSettings(SettingGroup):
    """Training."""

    trainer: str = "yolo"
    model: str = "yolo11n"
    recipe: Literal["sightsmith", "stock"] = "sightsmith"
    batch: int = 16
    epochs: int | None = Field(None, ge=1, le=1000)  # passes over a round's images; None: what the effort buys
    # Images of an epoch at least: fewer come several times. 12 renders of people in hard hats, 20 epochs, box mAP50
    # on 43 others: 0.271 once, 0.468 five times an epoch.
    epoch_pictures: int = Field(60, ge=1)
    patience: int = 12  # epochs without a better validation score
    # None: all cores. Where other work keeps cores busy, fewer are faster: measured with 2 threads on 2 busy cores 1
    # image a second, with 1 thread 8. The weights' last bits depend on it, so it never changes by itself.
    threads: int | None = Field(None, ge=1)


class EvaluationSettings(SettingGroup):
    """Evaluation, and the threshold of predictions."""

    real_val_share: float = 0.5
    class_map: ClassNames = Field(default_factory=dict)  # label class of real photos -> class of the task
    ignore_side_px: float = 0.0  # real boxes and detections with a side under this are ignored
    match_iou: float = 0.5  # for precision, recall and F1
    min_slice_instances: int = 8  # evidence without which no slice is called weak
    min_slice_gap: float = 0.05  # a slice less than this under the rest is not worth aiming at, however certain
    slice_false_share: float = 0.10  # of the slices called weak this share may be so by chance (Benjamini-Hochberg)
    accept_probability: float = 0.80  # share of the resamples in which a round must beat the best before, to be kept
    zero_shot: bool = True  # measure the untrained detector on the real test too, where its weights are on this machine
    # As in COCO evaluations: a curve's tail is part of the area under it.
    min_confidence: float = Field(0.001, validation_alias="evaluation_confidence")
    threshold_slack: float = 0.02  # F1 given up for fewer false alarms: measured, a third of them go for a hundredth
    fallback_confidence: float = 0.25  # working threshold when no detection is right at any confidence
    confidence: float | None = None  # None: the working threshold found in evaluation


class MemorySettings(SettingGroup):
    """Memory."""

    prefix = "memory_"

    dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("sightsmith")) / "memory")
    # A Chroma server "host:port" instead of the folder.
    chroma_host: Address | None = Field(None, validation_alias="chroma_host")
    max_distance: float = 0.75  # cosine distance; measured in benchmarks/memory_recall.py


class PageSettings(SettingGroup):
    """The chat page."""

    prefix = "ui_"

    page_size: int = 24  # images on a page of the gallery: two screens; more only makes the page heavier
    thumbnail_px: int = 240  # of the longer side: sharp at the width it is shown, on screens of double density too
    upload_mb: int = 500  # of one upload: a few hundred photos of a telephone
    unpacked_mb: int = 2000  # of everything in one archive, as it is unpacked
    unpacked_files: int = 20_000
    unpacked_ratio: float = 200.0  # unpacked over packed: labels reach 30, images 1, a bomb 1000
    # Who may come in by a login: addresses, or domains as "@example.org"; empty: everyone whom the issuer knows.
    users: NameList = Field(default_factory=list)
    poll_s: float = 1.0  # how often a page looks for news of its run


class ServiceSettings(SettingGroup):
    """The service."""

    prefix = "service_"

    replicas: int = Field(1, ge=1, le=64)  # a model a replica: 300 MB each
    cache_mb: float = Field(64.0, ge=0)  # answers for the same bytes again; some 50,000 of 10 boxes; 0: none
    batch: int = Field(8, ge=1, le=256)  # images computed together, as in an evaluation
    wait_ms: float = Field(10.0, ge=0, le=10_000)  # an image waits this long for company; a look takes 40
    queue: int = Field(64, ge=1)  # accepted and unanswered images; the next one is told to come again
    timeout_s: float = 60.0  # for one answer, restarts of killed replicas included
    body_timeout_s: float = 30.0  # between two pieces of an upload: slower ones hold places for nothing
    photo_mb: int = 25  # of one photo: a camera's largest JPEG
    photo_pixels: int = 50_000_000  # a batch of eight decoded is 1.2 GB
    max_jobs: int = Field(100, ge=1)  # waiting or running
    keep_days: float = 7.0  # finished jobs and their photos; unreviewed predictions
    keys: Path = Field(default_factory=lambda: Path(platformdirs.user_config_dir("sightsmith")) / "keys.json")


class CallbackSettings(SettingGroup):
    """Calls back of the service, when a job is done."""

    prefix = "callback_"

    timeout_s: float = 10.0
    attempts: int = Field(6, ge=1)  # doubling from 2 s: a receiver that restarts is back within a minute


class PromotionSettings(SettingGroup):
    """Promotion of a model."""

    prefix = "promote_"

    # 30 reviewed photos: below it one odd photo decides. 0.05 over all times somebody asks, not each time.
    photos: int = Field(30, ge=2)
    alpha: float = Field(0.05, gt=0, lt=1)
    resamples: int = Field(4000, ge=100)


class DriftSettings(SettingGroup):
    """Whether what the service sees has changed."""

    prefix = "drift_"

    window: int = 500  # confidences compared with those of the validation
    least: int = 50  # fewer say nothing


class LabellingSettings(SettingGroup):
    """Labelling photos that are there already."""

    prefix = "label_"

    batch: int = Field(16, ge=1)  # photos computed at once; those of one shape go through the network together
    nms_iou: float = Field(0.6, gt=0, lt=1)  # boxes of a model that overlap more are one; see docs/labelling.md
    views: ViewCount = 1  # looks at each photo, by a trained model; see tools/label/views.py
    # Look again, at a larger input, where objects are small (three times the work for those), and at smaller ones where
    # they are large or nothing is sure (a third more); what lies in a larger find counts less.
    closer: bool = True
    half: bool = True  # 16-bit floats where the hardware has them: a photo costs half; see docs/labelling.md
    # Objectness; as fallback_confidence.
    proposal_confidence: float = Field(0.25, gt=0, lt=1, validation_alias="proposal_confidence")
    # Of an earlier run, measured, to label before the starter weights do what they know by name; 0.69 on orchard apples
    least_score: float = Field(0.5, ge=0, le=1)
    # Of what the starter weights know by name: precision 0.91 and recall 0.49 of apples on 60 orchard tiles
    starter_confidence: float = Field(0.1, gt=0, lt=1, validation_alias="starter_confidence")


class ReviewSettings(SettingGroup):
    """Which of those labels a person is asked about."""

    prefix = "review_"

    # Of a label's threshold: what scores between this share of it and all of it is no label, and a reason to look.
    doubt_share: float = Field(0.5, ge=0, le=1, validation_alias="doubt_share")
    # Of the way from a threshold to the end of the scale: an object nearer to the threshold is undecided; ours
    certainty: float = Field(0.3, ge=0, le=1)
    share: float = Field(0.2, ge=0, le=1)  # of the photos at most is uncertain: a queue of all is none
    # Of boxes, under which two annotators do not mean the same thing.
    contest_iou: float = Field(0.5, gt=0, lt=1, validation_alias="contest_iou")


class ShownSettings(SettingGroup):
    """Learning a thing from the photos that a person shows; measured, see docs/experiments/few_photos.md."""

    prefix = "shown_"

    pictures: int = Field(64, ge=1)  # of an epoch at least: fewer photos come several times
    epochs: int = Field(20, ge=1)  # twice as many learn the photos by heart
    minutes: float = Field(8.0, gt=0)  # for all of it, where the person names no limit
    folds: int = Field(3, ge=2)  # of the cross-validation: each costs as much as the model itself


class LearningSettings(SettingGroup):
    """Learning from photos."""

    prefix = "learn_"

    # Of the images of an epoch; measured, see docs/labelling.md
    labelled_share: float = Field(0.5, gt=0, lt=1)  # with a person's labels among the photos
    pseudo_share: float = Field(0.2, gt=0, lt=1)  # with the model's own labels alone
    rounds: int = Field(2, ge=1, le=5)  # of pseudo-labels: each is made by the weights of the one before
    precision: float = Field(0.8, gt=0, lt=1)  # wanted of pseudo-labels, where real_val can tell
    views: ViewCount = 6  # of the teacher: labelling is a small part of the work
    epochs: int = Field(8, ge=1)
    # Where real_val cannot tell; FixMatch's 0.95 is of a softmax.
    pseudo_confidence: float = Field(0.35, gt=0, lt=1, validation_alias="pseudo_confidence")
