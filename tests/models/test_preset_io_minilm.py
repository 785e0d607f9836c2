"""A real pretrained model beside what transformers computed from it on torch."""

import pathlib

import numpy as np
import pytest

from keras_bert.models.backbone import BertBackbone
from keras_bert.models.sentence_encoder import BertSentenceEncoder
from keras_bert.presets import resolve_preset
from keras_bert.text.preprocessor import BertPreprocessor

NAME = "all-minilm-l6-v2"
CLOSE = {"rtol": 0, "atol": 1e-5}


@pytest.fixture(scope="module")
def golden():
    try:
        resolve_preset(NAME)
    except ModuleNotFoundError as error:
        pytest.skip(str(error))
    return dict(np.load(pathlib.Path(__file__).parents[1] / "golden" / "minilm.npz"))


def test_sentences_become_the_same_ids(golden):
    preprocessor = BertPreprocessor.from_preset(NAME, sequence_length=64, padding="longest")
    features = preprocessor(golden["sentences"].tolist())
    for name in ("input_word_ids", "input_mask"):
        np.testing.assert_array_equal(features[name], golden[name])


def test_and_the_same_vectors(golden):
    mask = golden["input_mask"]
    features = {name: golden[name] for name in ("input_word_ids", "input_mask")}
    outputs = BertBackbone.from_preset(NAME)(features)
    ours = np.asarray(outputs["sequence_output"])[..., ::7][mask.astype(bool)]
    np.testing.assert_allclose(ours, golden["sequence_output"][mask.astype(bool)], **CLOSE)
    np.testing.assert_allclose(outputs["pooled_output"], golden["pooled_output"], **CLOSE)


def test_and_the_same_sentence_embeddings(golden):
    recorded = np.load(pathlib.Path(__file__).parents[1] / "golden" / "sentence_embeddings.npz")
    assert BertSentenceEncoder.from_preset(NAME).preprocessor.sequence_length == 256  # its own
    encoder = BertSentenceEncoder.from_preset(NAME, sequence_length=128)  # as recorded
    ours = encoder.encode(recorded["sentences"].tolist(), batch_size=3)
    np.testing.assert_allclose(ours, recorded["embeddings"], **CLOSE)
