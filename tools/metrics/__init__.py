"""From truth and detections to scores: the COCO protocol, slices, kinds of errors."""
