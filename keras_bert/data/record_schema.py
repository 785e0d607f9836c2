"""Pretraining records: `tf.train.Example` under Google's names, to features under ours.

Google's first script and its successor in tf-models name two features differently; both
are read, the first is written.

Source: `write_instance_to_example_files` of google-research/bert
`create_pretraining_data.py`; `BertPretrainDataLoader` of tf-models-official.

Shapes: B rows, S positions, P predictions a row.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf

# Ours → Google's; the other names are the same everywhere.
GOOGLE_NAMES = {"input_word_ids": "input_ids", "input_type_ids": "segment_ids"}
_BY_POSITION = ("input_word_ids", "input_mask", "input_type_ids")
_BY_PREDICTION = ("masked_lm_positions", "masked_lm_ids", "masked_lm_weights")
_WEIGHTS, _NEXT_SENTENCE = "masked_lm_weights", "next_sentence_labels"


class RecordSchema(NamedTuple):
    """What all records of a data set have.

    Attributes:
        sequence_length: S.
        max_predictions_per_seq: P.
        next_sentence: whether they hold `next_sentence_labels`.
        google_names: whether under Google's names, or under ours, which are those of
            tf-models (`use_v2_feature_names`).
    """

    sequence_length: int
    max_predictions_per_seq: int
    next_sentence: bool
    google_names: bool = True

    @classmethod
    def of_record(cls, record: bytes, source: str) -> "RecordSchema":
        """Looks at one record.

        Raises:
            ValueError: it is no record of pretraining.
        """
        try:
            features = tf.train.Example.FromString(record).features.feature
        except Exception as error:  # a DecodeError of whichever protobuf there is
            raise ValueError(
                f"expected a tf.train.Example in {source}; received other bytes"
            ) from error
        google = GOOGLE_NAMES["input_word_ids"] in features
        stored = {name: GOOGLE_NAMES.get(name, name) if google else name for name in _BY_POSITION}
        missing = [n for n in (*stored.values(), *_BY_PREDICTION) if n not in features]
        if missing:
            raise ValueError(
                f"expected records of pretraining in {source}; received one without "
                f"{', '.join(missing)}"
            )
        return cls(
            len(features["input_mask"].int64_list.value),
            len(features["masked_lm_positions"].int64_list.value),
            _NEXT_SENTENCE in features,
            google,
        )

    def parse(self, records: tf.Tensor) -> dict[str, tf.Tensor]:
        """Serialized records, string [B], to features: int32, weights float32.

        `next_sentence_labels` are [B], the rest [B, S] or [B, P].
        """
        stored = {self._stored_name(name): name for name in self._shapes()}
        shapes = self._shapes()
        parsed = tf.io.parse_example(
            records,
            {
                name: tf.io.FixedLenFeature(
                    shapes[ours], tf.float32 if ours == _WEIGHTS else tf.int64
                )
                for name, ours in stored.items()
            },
        )
        return {
            ours: parsed[name] if ours == _WEIGHTS else tf.cast(parsed[name], tf.int32)
            for name, ours in stored.items()
        }

    def _stored_name(self, name: str) -> str:
        return GOOGLE_NAMES.get(name, name) if self.google_names else name

    def _shapes(self) -> dict[str, list[int]]:
        shapes = {name: [self.sequence_length] for name in _BY_POSITION}
        shapes |= {name: [self.max_predictions_per_seq] for name in _BY_PREDICTION}
        return shapes | ({_NEXT_SENTENCE: []} if self.next_sentence else {})


def serialize(features: Mapping[str, np.ndarray]) -> list[bytes]:
    """The rows of features [B, ...] as records; their order of names is fixed."""
    columns = {
        GOOGLE_NAMES.get(name, name): value.reshape(len(value), -1).tolist()
        for name, value in sorted(features.items())
    }
    return [
        tf.train.Example(
            features=tf.train.Features(
                feature={name: _feature(name, rows[row]) for name, rows in columns.items()}
            )
        ).SerializeToString(deterministic=True)
        for row in range(len(features["input_word_ids"]))
    ]


def _feature(name: str, values: list) -> tf.train.Feature:
    if name == _WEIGHTS:
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
