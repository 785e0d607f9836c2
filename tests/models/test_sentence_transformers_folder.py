import json
import pathlib
import shutil

import numpy as np
import pytest

from keras_bert.models import BertBackbone, BertSentenceEncoder, load_task

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "sentence_transformers"


def test_embeddings_are_those_of_sentence_transformers(tmp_path):
    recorded = json.loads((GOLDEN / "embeddings.json").read_text(encoding="utf-8"))
    encoder = BertSentenceEncoder.from_preset(GOLDEN)
    assert (encoder.pooling, encoder.embedding_size) == ("max", 7)
    assert encoder.preprocessor.sequence_length == 13
    embeddings = encoder.encode(recorded["texts"])
    np.testing.assert_allclose(embeddings, recorded["embeddings"], rtol=0, atol=1e-5)
    # Out again, and in through the folder's own class.
    out = encoder.save_to_preset(tmp_path / "out", format="huggingface")
    again = load_task(out)
    np.testing.assert_array_equal(again.encode(recorded["texts"]), embeddings)
    assert (out / "2_Dense" / "model.safetensors").exists()


def test_other_modules_are_refused_unless_pooling_is_given(tmp_path):
    folder = pathlib.Path(shutil.copytree(GOLDEN, tmp_path / "copy"))
    path = folder / "1_Pooling" / "config.json"
    path.write_text(json.dumps({"embedding_dimension": 22, "pooling_mode": "lasttoken"}))
    expected = r"or pooling=… to have the BERT alone; received the pooling \['lasttoken'\] of"
    with pytest.raises(ValueError, match=expected):
        BertSentenceEncoder.from_preset(folder)
    assert BertSentenceEncoder.from_preset(folder, pooling="mean").embedding_size is None
    assert BertBackbone.from_preset(folder).config.hidden_size == 22


def test_what_hugging_face_lacks_is_refused(tiny_parts, tmp_path):
    from keras_bert.models import BertClassifier

    task = BertClassifier(*tiny_parts, ["a", "b"], pooling="mean")
    with pytest.raises(ValueError, match="expected a classifier that huggingface computes too"):
        task.save_to_preset(tmp_path / "out", format="huggingface")
    assert not (tmp_path / "out").exists()
