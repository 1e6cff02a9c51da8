"""The name under which exports of earlier versions say how to use a model; it lives in `tools.models.predict`."""

from tools.models.predict import Predictor

__all__ = ["Predictor"]
