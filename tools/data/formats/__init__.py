"""Label formats: pure converters and the files around them."""

from typing import Literal

# What labels of photos are written as; photos with one class each are always written as class folders.
Form = Literal["coco", "yolo", "voc", "cvat", "labelme", "label-studio", "hugging-face", "masks"]
