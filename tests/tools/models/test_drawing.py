"""Labels drawn into images."""

import numpy as np
import pytest

from tools.data.sample import Instance, encode_mask
from tools.models.drawing import class_colour, draw


def instance(name, height, width, box, score=0.9):
    mask = np.zeros((height, width), bool)
    mask[box[1] : box[3], box[0] : box[2]] = True
    return Instance(class_name=name, box=box, counts=encode_mask(mask), score=score)


def test_drawing_leaves_the_image_alone_and_marks_the_mask():
    image = np.full((80, 120, 3), 100, np.uint8)
    drawn = draw(image, [instance("apple", 80, 120, (30, 30, 60, 60))], ["apple"], labels=False)
    assert (image == 100).all()
    assert (drawn[45, 45] != 100).any()
    assert (drawn[5, 5] == 100).all()
    edge = np.abs(drawn[30, 45].astype(int) - class_colour("apple", ["apple"]))
    assert edge.max() < 40  # the outline, smoothed


@pytest.mark.parametrize("name", ["apple", "苹果", "x" * 300, "a/b 'c' \"d\"", "🍎"])
@pytest.mark.parametrize("size", [(80, 120), (3, 3), (12, 400)])
def test_any_name_and_size_can_be_labelled(name, size):
    image = np.zeros((*size, 3), np.uint8)
    box = (0, 0, max(1, size[1] // 2), max(1, size[0] // 2))
    drawn = draw(image, [instance(name, *size, box), Instance(class_name=name, box=box)], [name])
    assert drawn.shape == image.shape
    assert drawn.any()


def test_colours_of_classes_differ():
    names = [f"class {i}" for i in range(8)]
    assert len({class_colour(n, names) for n in names}) == 8
