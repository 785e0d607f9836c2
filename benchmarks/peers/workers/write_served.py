"""Exports the prepared weights as a SavedModel, as a user does: `FOLDER/served/DTYPE/1`.

write_served.py '{"folder": …, "dtype": "float32", "length": 128}'
"""

import json
import pathlib
import sys

from rows import refuse_dtype

from keras_bert.models.sentence_encoder import BertSentenceEncoder


def main():
    """Write the version folder."""
    settings = json.loads(sys.argv[1])
    refuse_dtype(settings, "float32", "bfloat16")
    folder, dtype = pathlib.Path(settings["folder"]), settings["dtype"]
    encoder = BertSentenceEncoder.from_preset(
        folder / "weights",
        pooling="mean",
        dtype=dtype,
        sequence_length=settings["length"],
    )
    encoder.export(folder / "served" / dtype / "1")


if __name__ == "__main__":
    main()
