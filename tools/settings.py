"""Every default and threshold of Sightsmith, with its reason. Environment variables (SIGHTSMITH_*) override."""

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from tools.data.task import Effort


class EffortLevel(BaseModel):
    """What one word buys."""

    images: int
    rounds: int
    epochs: int
    bootstrap: int


# `quick` ends within 12 minutes on two cores, rendering included; each next level is about 4 times the work.
EFFORTS: dict[Effort, EffortLevel] = {
    "quick": EffortLevel(images=200, rounds=2, epochs=24, bootstrap=200),
    "standard": EffortLevel(images=480, rounds=3, epochs=40, bootstrap=500),
    "thorough": EffortLevel(images=2000, rounds=4, epochs=80, bootstrap=1000),
}


class Settings(BaseSettings):
    """Read once at the start of a run and kept in its `run.json`."""

    model_config = SettingsConfigDict(env_prefix="SIGHTSMITH_", extra="ignore")

    # The run
    runs_dir: Path = Path("runs")
    effort: Effort = "standard"
    profile: Literal["auto", "offline"] = "auto"
    seed: int = Field(0, ge=0)
    size_px: int = Field(320, ge=64, le=2048, multiple_of=32)  # 320 px: the smallest at which far fruit keeps 10 px

    # The language model
    llm: str = "auto"  # auto: an endpoint when OPENAI_API_KEY or OPENAI_BASE_URL is set, else the offline planner
    llm_timeout_s: float = 60.0
    llm_retries: int = 3  # by the openai client, for 429, 5xx and time-outs
    llm_max_calls: int = 120  # a two-round run needs about 20
    llm_max_repeats: int = 3  # the same call with the same arguments this often in a row is a loop
    llm_max_empty: int = 2  # answers with neither text nor a tool call
    llm_max_errors: int = 6  # refused calls in a row
    openai_api_key: SecretStr | None = Field(None, validation_alias="OPENAI_API_KEY")
    openai_model: str | None = Field(None, validation_alias="OPENAI_MODEL")  # None: openai_default, or the server's
    openai_default: str = "gpt-4.1-mini"  # at api.openai.com; a server of one's own is asked what it serves
    openai_base_url: str | None = Field(None, validation_alias="OPENAI_BASE_URL")

    # The plan and its estimate; seconds are wall clock on two cores at 320 px and are scaled to size and cores
    min_images: int = 24  # fewer cannot be split into train, val and test with every class in each
    max_images: int = 100_000
    estimate_render_s: float = 1.2  # a picture with masks: 0.97 s measured on a quiet machine
    estimate_train_images_per_s: float = 16.0  # forward, backward, augmentation
    estimate_predict_s: float = 0.06  # a picture in an evaluation
    estimate_picture_s: float = 0.03  # scoring, embedding and labelling a picture
    estimate_round_s: float = 6.0  # starting engines, validation, diagnosis
    estimate_finish_s: float = 10.0  # exports and the report

    # Scenes
    negative_share: float = 0.10  # deliberate empties: about 1 in 10 keeps false alarms down without starving recall
    lookalike_share: float = 0.5  # of the negatives, and of the other scenes, this share holds look-alikes
    named_context_share: float = 0.8  # of the scenes, when the request names a place
    focus_share: float = 0.6  # of a later round's scenes aim at weak slices; the rest keeps what is known
    first_round_share: float = 0.6  # of the picture budget goes to round 1

    # Generation
    generator: str = "blender"
    workers: int | None = None  # None: one a core
    render_samples: int = 5  # with the fast denoiser no visible difference to 12 at 320 px
    render_timeout_s: float = 120.0  # a scene that takes longer is recorded as failed and its worker restarted
    scene_attempts: int = 2  # a scene that kills its worker twice is recorded as failed

    # Quality and curation
    scorer: str = "pixels"
    min_quality: float = 0.35
    # Near-duplicates: greatest cosine to a kept sample. Measured on photos of one orchard: different ones at most 0.80,
    # 95 % of re-compressed, cut, relit or blurred copies above 0.92; renders on plain grounds are more alike.
    max_cosine: float = 0.95
    outlier_z: float = 4.0  # robust z-score of the mean cosine to the nearest neighbours of the same class
    outlier_neighbours: int = 5
    split_val: float = 0.2  # of a quick run's 120 first pictures: enough objects to call a slice weak
    split_test: float = 0.15

    # Labels
    annotator: str = "exact"
    min_instance_px: int = 12  # visible pixels below which an instance is not labelled: nobody could see it

    # Training
    trainer: str = "yolo"
    model: str = "yolo11n"
    recipe: Literal["sightsmith", "stock"] = "sightsmith"
    batch: int = 16
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
    evaluation_confidence: float = 0.001  # as in COCO evaluations: a curve's tail is part of the area under it
    fallback_confidence: float = 0.25  # working threshold when no detection is right at any confidence

    # Memory
    memory_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("sightsmith")) / "memory")
    chroma_host: str | None = None  # a Chroma server "host:port" instead of the folder
    memory_max_distance: float = 0.75  # cosine distance; measured in benchmarks/memory_recall.py

    # The chat page
    ui_page_size: int = 24  # pictures on a page of the gallery: two screens; more only makes the page heavier
    ui_thumbnail_px: int = 240  # of the longer side: sharp at the width it is shown, on screens of double density too
    ui_upload_mb: int = 500  # of one upload: a few hundred photos of a telephone
    ui_unpacked_mb: int = 2000  # of everything in one archive, as it is unpacked
    ui_unpacked_files: int = 20_000
    ui_unpacked_ratio: float = 200.0  # unpacked over packed: labels reach 30, pictures 1, a bomb 1000
    ui_poll_s: float = 1.0  # how often a page looks for news of its run

    # Prediction
    confidence: float | None = None  # None: the working threshold found in evaluation
