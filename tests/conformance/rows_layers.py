"""One row per public layer of `keras_bert.layers`; conftest.py says what a row holds.

Sizes are distinct, so that no transpose can hide: B 2, S 7, H 15 = N 3 × D 5, I 11,
V 29, 13 positions, 4 masked positions.
"""

import keras
import numpy as np

from keras_bert import layers

COMPLETE = "keras_bert.layers"
ELSEWHERE = {
    "HubLayer",  # computes what a module holds: tests/layers/test_hub_layer.py
    "PackedAttentionMask",  # not floats: tests/layers/test_packed_rows.py
    "PackedPositions",
}

_random = np.random.default_rng(7)
IDS = _random.integers(0, 29, (2, 7)).astype("int32")
TYPES = _random.integers(0, 3, (2, 7)).astype("int32")
MASK = np.array([[1] * 7, [1] * 4 + [0] * 3], dtype="int32")
STATES = _random.normal(size=(2, 7, 15)).astype("float32")
POSITIONS = np.array([[1, 6, 0, 2], [3, 2, 1, 0]], dtype="int32")
ONES = np.ones((2, 7), dtype="int32")


def _mlm_head(dtype):
    table = keras.layers.Embedding(29, 15, dtype=dtype, name="table")
    return layers.MaskedLMHead(table, "gelu_new", dtype=dtype)


ROWS = {
    "BertAttention": {
        "make": lambda dtype: layers.BertAttention(3, 5, dropout=0.2, dtype=dtype),
        "inputs": {"query": STATES, "value": STATES[:, ::-1], "attention_mask": MASK[:, None]},
        "lengthen": ("query",),
        "neutral": {"attention_mask": ONES[:, None]},
        "no_gradient": ("key/bias",),
    },
    "BertEmbeddings": {
        "make": lambda dtype: layers.BertEmbeddings(29, 15, 13, 3, 0.2, dtype=dtype),
        "inputs": {"input_word_ids": IDS, "input_type_ids": TYPES, "position_ids": IDS % 13},
        "lengthen": ("input_word_ids", "input_type_ids", "position_ids"),
        "neutral": {
            "input_type_ids": 0 * ONES,
            "position_ids": np.tile(np.arange(7, dtype="int32"), (2, 1)),
        },
    },
    "FirstTokenPooler": {
        "make": lambda dtype: layers.FirstTokenPooler(0.3, dtype=dtype),
        "inputs": {"sequence_output": STATES},
        "lengthen": ("sequence_output",),
    },
    "FirstTokenPooler_packed": {
        "make": lambda dtype: layers.FirstTokenPooler(0.3, dtype=dtype),
        "inputs": {"sequence_output": STATES, "first_positions": POSITIONS},
        "lengthen": ("sequence_output",),
    },
    "Float32LayerNormalization": {
        "make": lambda dtype: layers.Float32LayerNormalization(1e-12, dtype=dtype),
        "inputs": {"inputs": STATES},
        "lengthen": ("inputs",),
        "output_dtype": "float32",
    },
    "MaskedLMHead": {
        "make": _mlm_head,
        "inputs": {"sequence_output": STATES, "masked_lm_positions": POSITIONS},
        "lengthen": ("sequence_output",),
        "output_dtype": "float32",
    },
    "MaxPooler": {
        "make": lambda dtype: layers.MaxPooler(dtype=dtype),
        "inputs": {"sequence_output": STATES, "input_mask": MASK},
        "neutral": {"input_mask": ONES},
        "lengthen": ("sequence_output", "input_mask"),
    },
    "MeanPooler": {
        "make": lambda dtype: layers.MeanPooler(dtype=dtype),
        "inputs": {"sequence_output": STATES, "input_mask": MASK},
        "neutral": {"input_mask": ONES},
        "lengthen": ("sequence_output", "input_mask"),
    },
    "ReplayableDropout": {
        "make": lambda dtype: layers.ReplayableDropout(0.2, dtype=dtype),
        "inputs": {"inputs": STATES},
        "lengthen": ("inputs",),
    },
    "TransformerEncoderBlock": {
        "make": lambda dtype: layers.TransformerEncoderBlock(3, 11, "gelu", 0.2, 0.2, dtype=dtype),
        "inputs": {"hidden_states": STATES, "attention_mask": MASK},
        "neutral": {"attention_mask": ONES},
        "lengthen": ("hidden_states", "attention_mask"),
        "no_gradient": ("key/bias",),
    },
}
