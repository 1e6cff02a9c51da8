"""Images, and stand-ins for networks that see bright blobs in them."""

import cv2
import numpy as np
import torch


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


class SeesLargeBlobs:
    """A network's stand-in: finds bright blobs, but only those of 8 pixels and more as it sees them."""

    training = False

    def __init__(self):
        self.inputs = []  # the longer side of each image it was shown

    def __call__(self, batch):
        rows = []
        for image in batch.numpy():
            self.inputs.append(max(image.shape[1:]))
            _, _, stats, _ = cv2.connectedComponentsWithStats((image[0] > 0.8).astype(np.uint8))
            found = [s for s in stats[1:] if min(s[2], s[3]) >= 8]
            row = np.zeros((5, 64), np.float32)
            for k, (x, y, w, h, _) in enumerate(found):
                row[:, k] = x + w / 2, y + h / 2, w, h, 0.9
            rows.append(row)
        return (torch.from_numpy(np.stack(rows)),)

    def to(self, _device):
        return self

    def eval(self):
        return self


class SeesPartsOfWhatIsLarge(SeesLargeBlobs):
    """Of a blob of 100 pixels and more, as it sees it, only the left upper quarter, and is not sure."""

    def __call__(self, batch):
        (rows,) = super().__call__(batch)
        large = np.minimum(rows[:, 2], rows[:, 3]) >= 100
        rows[:, 0] -= large * rows[:, 2] / 4
        rows[:, 1] -= large * rows[:, 3] / 4
        rows[:, 2:4] /= 1 + large[:, None].float()
        rows[:, 4] = torch.where(large, self.unsure, rows[:, 4])
        return (rows,)

    unsure = 0.1
