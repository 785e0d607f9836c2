"""Pretraining records as what a run reads: a stream to train on, batches to score.

Shapes: B rows of a batch.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from keras_bert.data.corpus import Path
from keras_bert.data.pretraining_manifest import made_of
from keras_bert.data.pretraining_records import (
    inspect_records,
    manifests_beside,
    read_pretraining_records,
)
from keras_bert.data.pretraining_stream import PretrainingStream


def pretraining_stream(
    paths: Path,
    batch_size: int,
    *,
    steps: int,
    steps_per_period: int,
    parts: int = 1,
    seed: int = 0,
    vocabulary: Sequence[str] | None = None,
) -> PretrainingStream:
    """The batches that a run of some steps trains on.

    A pass leaves out the rows that do not fill its last batch: the next one has another
    order, and all batches have one shape.

    Args:
        paths: a folder or a pattern of files of records.
        batch_size: B.
        steps: batches in all.
        steps_per_period: batches between two evaluations.
        parts: how many smaller batches each one is served as.
        seed: of the orders.
        vocabulary: of the model; records of another are refused.

    Raises:
        ValueError: as `read_pretraining_records`; fewer records than a batch.
    """
    known = inspect_records(paths, vocabulary)
    if not 1 <= batch_size <= known.count:
        raise ValueError(
            f"expected at least batch_size={batch_size} records in {os.fspath(paths)}, and a "
            f"batch_size of at least 1; received {known.count} records"
        )

    def read_from(first_epoch: int, first_batch: int) -> tf.data.Dataset:
        return read_pretraining_records(
            paths,
            batch_size,
            seed=seed,
            first_epoch=first_epoch,
            first_batch=first_batch,
            epochs=None,
            drop_remainder=True,
            vocabulary=vocabulary,
        )

    facts: dict[str, Any] = {"batch_size": batch_size, "seed": seed, "files": digest(known.files)}
    if parts > 1:
        facts["parts"] = parts
    return PretrainingStream(
        read_from,
        known.count // batch_size,
        steps=steps,
        steps_per_period=steps_per_period,
        parts=parts,
        facts=facts,
    )


def digest(files: Sequence[Path]) -> str:
    """Changes with the names and the sizes of files, not with their folder.

    And with what the manifests beside them tell that they were made of: shards that are made
    anew may well have the sizes of the old ones, and to read them all would take long.
    """
    facts = [f"{os.path.basename(file)} {os.path.getsize(file)}" for file in files]
    facts += [json.dumps(made_of(manifest)) for manifest in manifests_beside(files).values()]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()
