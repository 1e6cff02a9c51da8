"""Several looks at a photo: what all see stays as it was, what one sees counts less, masks come back unmirrored."""

import numpy as np
import pytest

from tools.data.sample import Instance, encode_mask, mask_box
from tools.label.views import predict_in_views


class Finder:
    """Finds what is red; at other sizes with other scores, and blind to small things when it looks at them small."""

    names, fitted = ("apple",), False

    def __init__(self, size_px=320, asked=None):
        self.size_px = size_px
        self.asked = [] if asked is None else asked

    def at_size(self, size_px):
        return Finder(size_px, self.asked)

    def predict_many(self, images, confidence):
        self.asked.append(self.size_px)
        results = []
        for image in images:
            found = []
            for value in (204, 102):
                mask = image[..., 0] == value
                if mask.sum() >= 100 or self.size_px >= 320:
                    found.append(Instance(class_name="apple", box=mask_box(mask), counts=encode_mask(mask),
                                          score=value / 255))  # fmt: skip
            results.append(found)
        return results


@pytest.fixture
def image():
    """A triangle, so that its mirror image is another shape, and a small square."""
    made = np.zeros((60, 80, 3), np.uint8)
    rows, columns = np.mgrid[:60, :80]
    made[(columns >= 10) & (rows < 40) & (columns < 10 + rows), 0] = 204
    made[50:55, 60:65, 0] = 102
    return made


@pytest.mark.parametrize(("views", "sizes"), [(1, [320]), (2, [320] * 2), (6, [320, 320, 256, 256, 448, 448])])
def test_what_every_view_sees_stays_as_it_is(image, views, sizes):
    finder = Finder()
    [found] = predict_in_views(finder, [image], 0.1, views, 0.55)
    assert finder.asked == sizes
    large = found[0]
    assert large.box == pytest.approx(mask_box(image[..., 0] == 204))
    assert large.score == pytest.approx(0.8)
    assert (large.mask(60, 80) == (image[..., 0] == 204)).all()


def test_a_fitted_model_does_not_look_mirrored_by_itself_where_that_is_a_view(image):
    class LooksTwice(Finder):
        fitted = True

        def predict_many(self, images, confidence):
            raise AssertionError("a view is one look")

    finder = LooksTwice()
    assert predict_in_views(finder, [image], 0.1, 2, 0.55)[0]
    assert finder.asked == [320, 320]


def test_what_some_views_miss_counts_less(image):
    [found] = predict_in_views(Finder(), [image], 0.1, 6, 0.55)
    assert [round(i.score, 3) for i in found] == [0.8, round(0.4 * 4 / 6, 3)]
    assert len(predict_in_views(Finder(), [image], 0.3, 6, 0.55)[0]) == 1


def test_the_mask_of_a_mirrored_view_is_turned_back(image):
    class OnlyMirrored(Finder):
        def at_size(self, size_px):
            return self

        def predict_many(self, images, confidence):
            self.asked.append(None)
            found = super().predict_many(images, confidence)
            return [[] for _ in images] if len(self.asked) < 3 else found  # nothing before the mirrored look

    [found] = predict_in_views(OnlyMirrored(), [image], 0.1, 2, 0.55)
    assert (found[0].mask(60, 80) == (image[..., 0] == 204)).all()
    assert found[0].score == pytest.approx(0.4)
