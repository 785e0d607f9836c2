"""Exports the prepared weights as a SavedModel, as a user does: `FOLDER/served/DTYPE/1`.

write_served.py '{"folder": …, "dtype": "float32", "batch": 32, "length": 128}'

int8 takes its steps from the rows of the benchmark, as the other engines do.
"""

import json
import pathlib
import sys

from rows import refuse_dtype, texts_of_rows

from keras_bert.models.sentence_encoder import BertSentenceEncoder


def main():
    """Write the version folder."""
    settings = json.loads(sys.argv[1])
    refuse_dtype(settings, "float32", "bfloat16", "int8")
    folder, dtype = pathlib.Path(settings["folder"]), settings["dtype"]
    int8 = texts_of_rows(settings) if dtype == "int8" else None
    encoder = BertSentenceEncoder.from_preset(
        folder / "weights",
        pooling="mean",
        dtype="float32" if int8 else dtype,
        sequence_length=settings["length"],
    )
    encoder.export(folder / "served" / dtype / "1", int8=int8)


if __name__ == "__main__":
    main()
