"""`FeatureBatches` and `EpochCounter`, which need Keras, for everyone to import from here.

Importing Keras makes the root import every part of the package, models included, which
import this file in turn. So that they find the classes although this file is half imported
then, it answers for them by `__getattr__`; they are defined in `feature_batches.py`.
"""

import importlib
from typing import Any


def __getattr__(name: str) -> Any:
    if name in ("EpochCounter", "FeatureBatches"):
        return getattr(importlib.import_module("keras_bert.data.feature_batches"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


import keras  # noqa: E402, F401

from keras_bert.data.feature_batches import EpochCounter, FeatureBatches  # noqa: E402

__all__ = ["EpochCounter", "FeatureBatches"]
