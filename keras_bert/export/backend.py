"""The backend that exports are traced on."""

import keras


def require_tensorflow() -> None:
    """Refuses a backend of Keras whose models TensorFlow cannot trace.

    Raises:
        RuntimeError: Keras runs on another backend than TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "expected the TensorFlow backend for export; received "
            f"{keras.backend.backend()!r}: save_to_preset, then load and export with "
            "KERAS_BACKEND=tensorflow"
        )
