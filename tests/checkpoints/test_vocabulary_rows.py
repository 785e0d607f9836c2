"""Rows of a checkpoint for another vocabulary."""

import numpy as np
import pytest

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.vocabulary_rows import with_vocabulary
from keras_bert.config import BertConfig

WORDS = "bert/embeddings/word_embeddings"
BIAS = "cls/predictions/output_bias"


@pytest.fixture
def checkpoint():
    draw = np.random.default_rng(3)
    shapes = {
        WORDS: (7, 11),
        BIAS: (7,),
        "bert/pooler/dense/bias": (11,),
        "output_weights": (7, 11),
    }
    arrays = {name: draw.normal(size=shape).astype("float32") for name, shape in shapes.items()}
    config = BertConfig(vocab_size=7, hidden_size=11, num_attention_heads=1)
    return Checkpoint(config, arrays, list("abcdef"), labels=list("ABCDEFG"))


def test_rows_are_taken_to_the_bit_or_averaged(checkpoint):
    new = with_vocabulary(checkpoint, ["c", "a", "ef"], [(2,), (0,), (4, 5), (6,)])
    assert new.config.vocab_size == 4
    assert (new.vocabulary, checkpoint.vocabulary) == (["c", "a", "ef"], list("abcdef"))
    for name in (WORDS, BIAS):
        old = checkpoint.arrays[name]
        assert new.arrays[name].dtype == np.float32
        assert new.arrays[name][[0, 1, 3]].tobytes() == old[[2, 0, 6]].tobytes()
        np.testing.assert_allclose(new.arrays[name][2], (old[4] + old[5]) / 2, rtol=1e-6)
        assert old.shape[0] == 7
    for name in ("bert/pooler/dense/bias", "output_weights"):  # seven labels are no pieces
        assert new.arrays[name] is checkpoint.arrays[name]


def test_rows_refuse_sources_that_do_not_fit(checkpoint):
    with pytest.raises(ValueError, match="sources for each of 2 word pieces; received 1"):
        with_vocabulary(checkpoint, ["a", "b"], [(0,)])
    for wrong in ((), (7,), (-1, 2)):
        with pytest.raises(ValueError, match=r"ids in 0\.\.6 as sources of row 1; received \["):
            with_vocabulary(checkpoint, ["a", "b"], [(0,), wrong])
