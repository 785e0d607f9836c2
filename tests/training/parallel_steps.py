"""A tiny pretraining task in some steps, for tests of several devices: their losses."""

import contextlib

import keras
import numpy as np

from keras_bert.config import BertConfig
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.pretrainer import BertPretrainer
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.text.tokenizer import BertTokenizer
from keras_bert.training.optimizer import create_optimizer

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvw"]
RECORDS, LENGTH, PREDICTIONS = 28, 13, 3


def task(heads=4):
    keras.utils.set_random_seed(5)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=24,
        num_hidden_layers=1,
        num_attention_heads=heads,
        intermediate_size=44,
        max_position_embeddings=17,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=0.2,
    )
    made = BertPretrainer(BertBackbone(config), BertPreprocessor(BertTokenizer(WORDS), LENGTH))
    made.compile(
        create_optimizer(1e-2, 20, 2),
        loss=made.default_loss(),
        weighted_metrics={"mlm_logits": ["accuracy"], "nsp_logits": []},
    )
    return made


def features(records=RECORDS):
    """Inputs, labels and weights; how many words are masked differs widely from row to row."""
    random = np.random.default_rng(3)
    lengths = random.integers(4, LENGTH + 1, (RECORDS, 1))
    inputs = {
        "input_word_ids": random.integers(5, len(WORDS), (RECORDS, LENGTH)),
        "input_mask": np.arange(LENGTH) < lengths,
        "input_type_ids": np.zeros((RECORDS, LENGTH)),
        "masked_lm_positions": random.integers(0, 4, (RECORDS, PREDICTIONS)),
    }
    labels = {
        "mlm_logits": random.integers(5, len(WORDS), (RECORDS, PREDICTIONS)),
        "nsp_logits": random.integers(0, 2, RECORDS),
    }
    weights = {
        "mlm_logits": np.arange(PREDICTIONS) < random.integers(0, PREDICTIONS + 1, (RECORDS, 1)),
        "nsp_logits": np.ones(RECORDS),
    }
    cast = lambda given, kind: {name: a[:records].astype(kind) for name, a in given.items()}  # noqa: E731
    return cast(inputs, "int32"), cast(labels, "int32"), cast(weights, "float32")


class StepLosses(keras.callbacks.Callback):
    """Keeps the loss that each step shows: the mean of the epoch so far."""

    def __init__(self):
        super().__init__()
        self.losses = []

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(float(logs["loss"]))


def losses(scope=None, epochs=2, batch_size=8, **options):
    """The losses of the steps, and the trained task."""
    with scope or contextlib.nullcontext():
        made, seen = task(), StepLosses()
        inputs, labels, weights = features()
        made.fit(
            inputs,
            labels,
            sample_weight=weights,
            batch_size=batch_size,
            epochs=epochs,
            shuffle=False,
            verbose=0,
            callbacks=[seen],
            **options,
        )
    return seen.losses, made
