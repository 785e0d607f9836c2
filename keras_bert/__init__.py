"""BERT for Keras 3 that reads text and answers in text.

Importing this package is cheap: its parts load when they are first used.
As soon as Keras itself is imported (before or after this package), every layer
and model here is registered, so that `keras.models.load_model` finds them.
"""

import importlib
import importlib.metadata
from typing import Any

import wrapt

__version__ = "0.1.0"

_PARTS = (
    "checkpoints",
    "config",
    "data",
    "export",
    "layers",
    "models",
    "presets",
    "text",
    "training",
)
_SERIALIZABLE = ("keras_bert.text", "keras_bert.layers", "keras_bert.models", "keras_bert.training")


def _refuse_the_older_package() -> None:
    """The abandoned `keras-bert` distribution installs into this same folder."""
    try:
        version = importlib.metadata.version("keras-bert")
    except importlib.metadata.PackageNotFoundError:
        return
    raise ImportError(
        "expected keras-bert-text alone to provide the import name keras_bert; "
        f"received an installed keras-bert {version} beside it, whose files mix with ours: "
        "pip uninstall keras-bert keras-bert-text, then pip install keras-bert-text"
    )


def _register_serializables(_keras: Any) -> None:
    for part in _SERIALIZABLE:
        importlib.import_module(part)


def __getattr__(name: str) -> Any:
    if name in _PARTS:
        return importlib.import_module(f"{__name__}.{name}")
    if name == "BertConfig":
        return importlib.import_module(f"{__name__}.config").BertConfig
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*_PARTS, "BertConfig", "__version__"])


_refuse_the_older_package()
wrapt.register_post_import_hook(_register_serializables, "keras")
