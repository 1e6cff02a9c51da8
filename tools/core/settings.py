"""Every default and threshold of Sightsmith, with its reason. Environment variables (SIGHTSMITH_*) override."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import platformdirs
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, NonNegativeFloat, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tools.core.secrecy import remember, reveal, secret_fields
from tools.core.task import Effort

# Generators that draw from words alone: nobody knows where things are until somebody looks.
WORDED_GENERATORS = ("diffusion", "openai_images")


def _number(value: Any) -> Any:
    """Numbers from the environment come as text, which is none of a list of numbers."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


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


def _without_user(address: str) -> str:
    """An address that is written down, and so holds nothing secret."""
    if "@" in urlsplit(address if "://" in address else f"//{address}").netloc:
        raise ValueError("must hold neither user nor password: this address is kept with the run")
    return address


Views = Annotated[Literal[1, 2, 6], BeforeValidator(_number)]
Address = Annotated[str, AfterValidator(_without_user)]


class EffortLevel(BaseModel):
    """What one word buys."""

    images: int
    rounds: int
    epochs: int
    bootstrap: int


# `quick` ends in about 12 minutes on two cores, rendering included; each next level takes about 4 times as long.
EFFORTS: dict[Effort, EffortLevel] = {
    "quick": EffortLevel(images=360, rounds=2, epochs=26, bootstrap=200),
    "standard": EffortLevel(images=900, rounds=3, epochs=32, bootstrap=500),
    "thorough": EffortLevel(images=2500, rounds=4, epochs=44, bootstrap=1000),
}


class Settings(BaseSettings):
    """Read once at the start of a run and kept in its `run.json`, all but what is secret by its type (`SecretStr`).

    Keys are secret, and so are addresses of services, in which a user and password may stand: they are read from the
    environment each time.
    """

    model_config = SettingsConfigDict(
        env_prefix="SIGHTSMITH_", extra="ignore", allow_inf_nan=False, hide_input_in_errors=True
    )

    # The run
    runs_dir: Path = Path("runs")
    effort: Effort = "standard"
    profile: Literal["auto", "offline"] = "auto"
    seed: int = Field(0, ge=0)
    size_px: int = Field(320, ge=64, le=2048, multiple_of=32)  # 320 px: the smallest at which far fruit keeps 10 px

    # Where pictures are made, scored and labelled: here, or on a Ray cluster (the extra `cluster`)
    engine: Literal["local", "ray"] = "local"
    # "host:port" of the cluster's head; None: RAY_ADDRESS, else this machine's cores
    ray_address: Annotated[Address | None, AfterValidator(check_ray_address)] = None
    # A worker imports torch and loads its weights within seconds, and machines that are added come up within minutes.
    ray_start_timeout_s: float = Field(300.0, gt=0)

    # The language model
    llm: str = "auto"  # auto: an endpoint when OPENAI_API_KEY or OPENAI_BASE_URL is set, else the offline planner
    llm_timeout_s: float = 60.0
    llm_retries: int = 3  # by the openai client, for 429, 5xx and time-outs
    llm_max_tokens: int = Field(4096, ge=256)  # of one answer: four times the longest object that a model describes
    llm_max_calls: int = 120  # a two-round run needs about 20
    llm_max_repeats: int = 3  # the same call with the same arguments this often in a row is a loop
    llm_max_empty: int = 2  # answers with neither text nor a tool call
    llm_max_errors: int = 6  # refused calls in a row
    # US dollars a million tokens, read and written ("[0.4, 1.6]"); None: what the endpoint says, where it does
    llm_price: tuple[NonNegativeFloat, NonNegativeFloat] | None = None
    openai_api_key: SecretStr | None = Field(None, validation_alias="OPENAI_API_KEY")
    openai_model: str | None = Field(None, validation_alias="OPENAI_MODEL")  # None: openai_default, or the server's
    openai_default: str = "gpt-4.1-mini"  # at api.openai.com; a server of one's own is asked what it serves
    openai_base_url: SecretStr | None = Field(None, validation_alias="OPENAI_BASE_URL")

    # The plan and its estimate; seconds are wall clock on two cores at 320 px and are scaled to size and cores
    min_images: int = 24  # fewer cannot be split into train, val and test with every class in each
    max_images: int = 100_000
    # Until the machine has runs of its own (`tools/runs/pace.py`): whole runs took 0.77 s and 31 a second on one CPU,
    # 0.99 s and 18 a second on a slower one, validation included.
    estimate_render_s: float = 0.85  # a picture with masks
    estimate_train_images_per_s: float = 30.0  # forward, backward, augmentation
    estimate_predict_s: float = 0.06  # a picture in an evaluation
    estimate_picture_s: float = 0.03  # scoring, embedding and labelling a picture
    estimate_round_s: float = 6.0  # starting engines, validation, diagnosis
    estimate_finish_s: float = 10.0  # exports and the report

    # Scenes
    negative_share: float = 0.14  # deliberate empties: about 1 in 7 keeps false alarms down without starving recall
    lookalike_share: float = 0.5  # of the negatives, and of the other scenes, this share holds look-alikes
    named_context_share: float = 0.8  # of the scenes, when the request names a place
    focus_share: float = 0.6  # of a later round's scenes aim at weak slices; the rest keeps what is known
    # Of a round's objects goes to the classes that are aimed at, together; the rest keeps the others known.
    weak_class_share: float = Field(0.65, gt=0, le=1)
    first_round_share: float = Field(0.5, gt=0, le=1)  # of the picture budget goes to round 1

    # Generation
    generator: str = "blender"
    workers: int | None = None  # None: one a core
    render_samples: int = 3  # with the fast denoiser no visible difference to 64 at 320 px; 5 cost a third more
    render_timeout_s: float = 120.0  # a scene that takes longer is recorded as failed and its worker restarted
    scene_attempts: int = 2  # a scene that kills its worker twice is recorded as failed

    # 3D models that others made: libraries and folders beside those found by themselves, separated as in PATH
    model_libraries: str = ""
    models_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("sightsmith")) / "models")
    models_cache: Path = Field(default_factory=lambda: Path(platformdirs.user_cache_dir("sightsmith")) / "models")

    # Generation by copy-paste
    cutouts_dir: Path | None = (
        None  # RGBA pictures of single things; index.json, file or folder names say what they show
    )
    backgrounds_dir: Path | None = None  # photos without the targets; None: textures drawn by formula

    # Generation by an image service (any OpenAI-compatible endpoint)
    image_model: str = "gpt-image-1-mini"  # the cheapest of OpenAI's at the time of writing
    # US dollars a picture. Prices change and a cap that rests on a wrong one is none: it must be named; 0 for your own.
    image_price: float | None = Field(None, ge=0)
    image_size: str = "1024x1024"  # the one size that every model of the service's knows
    image_quality: str | None = None  # e.g. "low"; None leaves it to the service
    image_concurrency: int = Field(4, ge=1, le=64)  # requests at once
    image_requests_per_minute: float = Field(30.0, gt=0)  # lower than the limit of a small account would be refused
    image_timeout_s: float = 180.0  # a large picture takes a minute
    image_attempts: int = Field(4, ge=1)  # 429, 5xx, time-outs and broken answers, together
    image_base_url: SecretStr | None = None  # None: openai_base_url
    image_api_key: SecretStr | None = None  # None: openai_api_key

    # Generation by diffusion
    diffusion_model: str = "auto"  # a name on the hub or a folder; auto: by memory, see tools/generators/diffusion.py
    diffusion_size_px: int | None = Field(None, ge=64, multiple_of=8)  # None: what the model was trained on
    diffusion_steps: int | None = Field(None, ge=1)  # None: by the model's family
    diffusion_guidance: float | None = Field(None, ge=0)  # None: by the model's family
    diffusion_batch: int | None = Field(None, ge=1)  # None: by free memory
    diffusion_negative_prompt: str = (
        "text, watermark, logo, frame, collage, cartoon, drawing, painting, 3d render, blurred, deformed"
    )
    repaint_controlnet: str = "lllyasviel/control_v11p_sd15_canny"  # goes with repaint_model
    repaint_model: str = "stable-diffusion-v1-5/stable-diffusion-v1-5"
    # Share of the noise schedule run again: SDEdit (arXiv 2108.01073) keeps outlines below about a half.
    repaint_strength: float = Field(0.35, gt=0, le=1)
    repaint_attempts: int = Field(2, ge=1)  # seeds tried before a drifted picture is dropped
    # Of tools/generators/drift.py. Measured on 60 pasted objects of 40 to 140 px under filters that stand in for a
    # repainting, not on a network's own: in another tone, colour, blur, noise or style 97 % passed (88 % under a coarse
    # texture); of objects moved by a fifth of their size, shrunk or gone none, moved by a tenth 3 %, grown by a third
    # 10 %. What a diffusion model does to an outline may pass more or less often.
    min_repaint_agreement: float = Field(0.70, ge=0, le=1)

    # A vision model at any OpenAI-compatible endpoint: it reviews labels, and can be the judge of "clis"
    vlm_model: str | None = None  # None: nobody is asked
    vlm_price: float | None = Field(None, ge=0)  # US dollars a question, at most; must be named, as for pictures
    vlm_base_url: SecretStr | None = None  # None: openai_base_url
    vlm_timeout_s: float = 60.0
    vlm_attempts: int = Field(3, ge=1)
    describe_attempts: int = Field(2, ge=1, le=5)  # answers to one photo, each paid for, until one fits the schema
    # "vlm" asks once for the picture and twice for each object, where the paper's judge is a language model too;
    # "clip" is the cheap stand-in.
    clis_judge: Literal["clip", "vlm"] = "clip"

    # Quality and curation
    scorer: str = "pixels"  # filters in order, joined by "+": pixels, clip, clis
    min_quality: float = 0.35  # of "pixels"; below it a person would throw the picture away
    score_batch: int = Field(32, ge=1)  # pictures in memory at once
    # Share of a round's pictures that is kept, best first, class by class. Low-scored ones can be worse than none
    # (Auto Cherry-Picker, arXiv 2406.20085); 1 for renders, whose content is exact.
    keep_share: float = Field(1.0, gt=0, le=1)
    clip_model: str = "openai/clip-vit-large-patch14"  # the model of X-Paste's filter; any CLIP, SigLIP or SigLIP 2
    clip_floor: float | None = None  # None: by architecture, 0.21 for ViT-L/14 (X-Paste, ICML 2023)
    clip_least_share: float = Field(0.5, ge=0, le=1)  # of a softmax over the text and all its distractors; ours
    # 0..100. CLIPScore of a caption that fits lies near 60 (2.5 x a cosine of 0.25), of others under 45; ours.
    clis_floor: float = Field(45.0, ge=0, le=100)
    # Near-duplicates: greatest cosine to a kept sample. Measured on photos of one orchard: different ones at most 0.80,
    # 95 % of re-compressed, cut, relit or blurred copies above 0.92; renders on plain grounds are more alike.
    max_cosine: float = 0.95
    clip_max_cosine: float = 0.98  # the same for embeddings of "clip", which see content more than layout; ours
    outlier_z: float = 4.0  # robust z-score of the mean cosine to the nearest neighbours of the same class
    outlier_neighbours: int = 5
    split_val: float = 0.15  # with `split_test`: the rest, that teaches, matters more than a narrower interval
    split_test: float = 0.15
    # Of val and of test at least: some 100 objects give a 95 % interval of +- 0.08 about 0.8 (binomial); one label a
    # picture wants more of them. Never more than `tools.steps.curate.MAX_MEASURED` of all.
    split_pictures: int = Field(24, ge=1)
    split_pictures_classify: int = Field(60, ge=1)

    # Labels
    annotator: str = "exact"  # or detect_and_segment: for pictures that come without labels
    detector: str = "IDEA-Research/grounding-dino-tiny"  # Grounding DINO, OWL, or a file of YOLOE or YOLO-World
    second_detector: str | None = None  # labels on which two agree are better (Labeling Copilot, arXiv 2509.22631)
    # Least score of a label. None: as the authors use it, 0.35 Grounding DINO, 0.10 OWL, 0.5 SAM 3, 0.30 YOLO (apple
    # paper, arXiv 2411.11285); after calibration on labelled photos 0.5, more likely right than wrong.
    detector_confidence: float | None = Field(None, gt=0, lt=1)
    detector_flip: bool = True  # look at the mirrored picture too and fuse
    detector_batch: int = Field(8, ge=1)
    fusion_iou: float = Field(0.55, gt=0, lt=1)  # boxes that overlap more are one (arXiv 1910.13302)
    phrases: dict[str, list[str]] = Field(default_factory=dict)  # class -> what detectors hear instead of its phrase
    # "grabcut" needs no weights; else a file of segment-anything, or a folder or name of transformers (SAM, SAM 2)
    segmenter: str = "grabcut"
    sam_model: str = "facebook/sam-vit-base"  # taken for "segmenter" by itself where it is on this machine
    segmenter_batch: int = Field(64, ge=1)  # boxes decoded at once
    min_mask_quality: float = 0.5  # overlap that SAM itself expects, below which a mask is a failure; ours
    min_box_mask_iou: float = 0.5  # of a box and its mask's: below it the mask is of something else; ours
    crop_agreement: bool = True  # where a CLIP is at hand, a label's crop must look like its class
    count_tolerance: float = 0.5  # of the planned number of objects may be missing or too many in a picture; ours
    calibration_photos: int = 60  # of real_val: about 100 objects settle two numbers
    audit_pictures: int = 40  # with exact masks, on which an annotator is measured
    min_instance_px: int = 12  # visible pixels below which an instance is not labelled: nobody could see it

    # Whose picture is it: with both, exported pictures carry a C2PA manifest (PEM files; docs/privacy.md)
    c2pa_certificate: Path | None = None
    c2pa_key_file: Path | None = None
    c2pa_algorithm: Literal["es256", "es384", "es512", "ps256", "ps384", "ps512", "ed25519"] = "es256"

    # Training
    trainer: str = "yolo"
    model: str = "yolo11n"
    recipe: Literal["sightsmith", "stock"] = "sightsmith"
    batch: int = 16
    epochs: int | None = Field(None, ge=1, le=1000)  # passes over a round's pictures; None: what the effort buys
    patience: int = 12  # epochs without a better validation score
    # None: all cores. Where other work keeps cores busy, fewer are faster: measured with 2 threads on 2 busy cores 1
    # picture a second, with 1 thread 8. The weights' last bits depend on it, so it never changes by itself.
    threads: int | None = Field(None, ge=1)

    # Evaluation
    real_val_share: float = 0.5
    class_map: dict[str, str] = Field(default_factory=dict)  # label class of real photos -> class of the task
    ignore_side_px: float = 0.0  # real boxes and detections with a side under this are ignored
    match_iou: float = 0.5  # for precision, recall and F1
    min_slice_instances: int = 8  # evidence without which no slice is called weak
    min_slice_gap: float = 0.05  # a slice less than this under the rest is not worth aiming at, however certain
    slice_false_share: float = 0.10  # of the slices called weak this share may be so by chance (Benjamini-Hochberg)
    accept_probability: float = 0.80  # share of the resamples in which a round must beat the best before, to be kept
    zero_shot: bool = True  # measure the untrained detector on the real test too, where its weights are on this machine
    evaluation_confidence: float = 0.001  # as in COCO evaluations: a curve's tail is part of the area under it
    threshold_slack: float = 0.02  # F1 given up for fewer false alarms: measured, a third of them go for a hundredth
    fallback_confidence: float = 0.25  # working threshold when no detection is right at any confidence

    # Memory
    memory_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("sightsmith")) / "memory")
    chroma_host: Address | None = None  # a Chroma server "host:port" instead of the folder
    memory_max_distance: float = 0.75  # cosine distance; measured in benchmarks/memory_recall.py

    # The chat page
    ui_page_size: int = 24  # pictures on a page of the gallery: two screens; more only makes the page heavier
    ui_thumbnail_px: int = 240  # of the longer side: sharp at the width it is shown, on screens of double density too
    ui_upload_mb: int = 500  # of one upload: a few hundred photos of a telephone
    ui_unpacked_mb: int = 2000  # of everything in one archive, as it is unpacked
    ui_unpacked_files: int = 20_000
    ui_unpacked_ratio: float = 200.0  # unpacked over packed: labels reach 30, pictures 1, a bomb 1000
    # Who may come in by a login: addresses, or domains as "@example.org"; empty: everyone whom the issuer knows.
    ui_users: list[str] = Field(default_factory=list)
    ui_poll_s: float = 1.0  # how often a page looks for news of its run

    # The service
    service_replicas: int = Field(1, ge=1, le=64)  # a model a replica: 300 MB each
    service_cache_mb: float = Field(64.0, ge=0)  # answers for the same bytes again; some 50,000 of 10 boxes; 0: none
    service_batch: int = Field(8, ge=1, le=256)  # pictures computed together, as in an evaluation
    service_wait_ms: float = Field(10.0, ge=0, le=10_000)  # a picture waits this long for company; a look takes 40
    service_queue: int = Field(64, ge=1)  # accepted and unanswered pictures; the next one is told to come again
    service_timeout_s: float = 60.0  # for one answer, restarts of killed replicas included
    service_body_timeout_s: float = 30.0  # between two pieces of an upload: slower ones hold places for nothing
    service_photo_mb: int = 25  # of one photo: a camera's largest JPEG
    service_photo_pixels: int = 50_000_000  # a batch of eight decoded is 1.2 GB
    service_max_jobs: int = Field(100, ge=1)  # waiting or running
    service_keep_days: float = 7.0  # finished jobs and their photos; unreviewed predictions
    service_keys: Path = Field(default_factory=lambda: Path(platformdirs.user_config_dir("sightsmith")) / "keys.json")
    callback_timeout_s: float = 10.0
    callback_attempts: int = Field(6, ge=1)  # doubling from 2 s: a receiver that restarts is back within a minute
    # Promotion. 30 reviewed photos: below it one odd photo decides. 0.05 over all times somebody asks, not each time.
    promote_photos: int = Field(30, ge=2)
    promote_alpha: float = Field(0.05, gt=0, lt=1)
    promote_resamples: int = Field(4000, ge=100)
    drift_window: int = 500  # confidences compared with those of the validation
    drift_least: int = 50  # fewer say nothing

    # Labelling photos that are there already
    label_batch: int = Field(16, ge=1)  # photos computed at once; those of one shape go through the network together
    label_nms_iou: float = Field(0.6, gt=0, lt=1)  # boxes of a model that overlap more are one; see docs/labelling.md
    label_views: Views = 1  # looks at each photo, by a trained model; see tools/label/views.py
    label_closer: bool = True  # look again, at a larger input, where objects are small: three times the work for those
    label_half: bool = True  # 16-bit floats where the hardware has them: a photo costs half; see docs/labelling.md
    proposal_confidence: float = Field(0.25, gt=0, lt=1)  # objectness; as fallback_confidence
    # Of an earlier run, measured, to label before the starter weights do what they know by name; 0.69 on orchard apples
    label_least_score: float = Field(0.5, ge=0, le=1)
    # Of what the starter weights know by name: precision 0.91 and recall 0.49 of apples on 60 orchard tiles
    starter_confidence: float = Field(0.1, gt=0, lt=1)
    # Of a label's threshold: what scores between this share of it and all of it is no label, and a reason to look.
    doubt_share: float = Field(0.5, ge=0, le=1)
    # Of the way from a threshold to the end of the scale: an object nearer to the threshold is undecided; ours
    review_certainty: float = Field(0.3, ge=0, le=1)
    review_share: float = Field(0.2, ge=0, le=1)  # of the photos at most is uncertain: a queue of all is none
    contest_iou: float = Field(0.5, gt=0, lt=1)  # of boxes, under which two annotators do not mean the same thing

    # Learning a thing from the photos that a person shows; measured, see docs/shown.md
    shown_pictures: int = Field(64, ge=1)  # of an epoch at least: fewer photos come several times
    shown_epochs: int = Field(20, ge=1)  # twice as many learn the photos by heart
    shown_minutes: float = Field(8.0, gt=0)  # for all of it, where the person names no limit
    shown_folds: int = Field(3, ge=2)  # of the cross-validation: each costs as much as the model itself

    # Learning from photos
    # Of the pictures of an epoch; measured, see docs/labelling.md
    learn_labelled_share: float = Field(0.5, gt=0, lt=1)  # with a person's labels among the photos
    learn_pseudo_share: float = Field(0.2, gt=0, lt=1)  # with the model's own labels alone
    learn_rounds: int = Field(2, ge=1, le=5)  # of pseudo-labels: each is made by the weights of the one before
    learn_precision: float = Field(0.8, gt=0, lt=1)  # wanted of pseudo-labels, where real_val can tell
    learn_views: Views = 6  # of the teacher: labelling is a small part of the work
    learn_epochs: int = Field(8, ge=1)
    pseudo_confidence: float = Field(0.35, gt=0, lt=1)  # where real_val cannot tell; FixMatch's 0.95 is of a softmax

    # Prediction
    confidence: float | None = None  # None: the working threshold found in evaluation

    @model_validator(mode="after")
    def _remember_secrets(self) -> Self:
        for name in secret_fields(type(self)):
            if value := reveal(getattr(self, name)):
                remember(value)
        return self

    def planned_epochs(self, effort: Effort | None = None) -> int:
        """Passes over a round's pictures: as set, else what an effort buys (the settings' own when None)."""
        return self.epochs or EFFORTS[effort or self.effort].epochs

    @classmethod
    def secret_variables(cls) -> dict[str, str]:
        """Variable of the environment -> the secret setting that it holds."""
        prefix = str(cls.model_config.get("env_prefix", ""))
        return {
            str(cls.model_fields[name].validation_alias or prefix + name).upper(): name for name in secret_fields(cls)
        }

    def written(self) -> dict[str, Any]:
        """The settings as a run keeps them: JSON, without what is secret."""
        return self.model_dump(mode="json", exclude=set(secret_fields(type(self))))

    def without_secrets(self) -> "Settings":
        """A copy that may be sent elsewhere."""
        return self.model_copy(update=dict.fromkeys(secret_fields(type(self))))
