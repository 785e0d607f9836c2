"""Records from files, packed features, and batches of like lengths.

The readers and `PackedFeatures` need NumPy alone; Keras loads with
`FeatureBatches`.
"""

import importlib
from typing import Any

_HOMES = {
    "EpochCounter": "keras_bert.data.batches",
    "FeatureBatches": "keras_bert.data.batches",
    "PackedFeatures": "keras_bert.data.features",
    "Question": "keras_bert.data.squad",
    "Questions": "keras_bert.data.squad",
    "Record": "keras_bert.data.records",
    "Records": "keras_bert.data.records",
    "iter_questions": "keras_bert.data.squad",
    "iter_records": "keras_bert.data.records",
    "read_questions": "keras_bert.data.squad",
    "read_records": "keras_bert.data.records",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
