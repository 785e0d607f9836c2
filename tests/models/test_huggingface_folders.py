import json
import pathlib
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file

from keras_bert.models import (
    BertBackbone,
    BertClassifier,
    BertMaskedLM,
    BertMultipleChoice,
    BertQuestionAnswerer,
    BertRegressor,
    BertSentenceEncoder,
    BertTokenClassifier,
    load_task,
)

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


TASKS = {
    "huggingface_classifier": BertClassifier,
    "huggingface_token_classifier": BertTokenClassifier,
    "huggingface_multiple_choice": BertMultipleChoice,
    "huggingface_question_answering": BertQuestionAnswerer,
    "huggingface_masked_lm": BertMaskedLM,
}


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.filterwarnings("ignore:.*has no pooler")
def test_a_task_goes_back_to_the_files_that_transformers_wrote(tmp_path, name):
    """Through the task's own variables: the same names, bytes, class and labels."""
    theirs = GOLDEN.with_name(name)
    task = load_task(theirs)
    assert type(task) is TASKS[name]
    out = task.save_to_preset(tmp_path / "out", format="huggingface")
    ours, recorded = (load_file(folder / "model.safetensors") for folder in (out, theirs))
    assert {n: a.tobytes() for n, a in recorded.items()} == {
        n: a.tobytes() for n, a in ours.items() if n in recorded
    }
    assert all(n.startswith("bert.pooler.") for n in ours.keys() - recorded.keys())
    one, two = (json.loads((folder / "config.json").read_text()) for folder in (out, theirs))
    assert one["architectures"] == two["architectures"]
    assert one.get("id2label", two.get("id2label")) == two.get("id2label", one.get("id2label"))


def test_one_number_is_a_regressor(tiny_parts, tmp_path):
    out = BertRegressor(*tiny_parts).save_to_preset(tmp_path / "out", format="huggingface")
    assert type(load_task(out)) is BertRegressor
    config = json.loads((out / "config.json").read_text())
    del config["problem_type"]  # transformers' own habit
    (out / "config.json").write_text(json.dumps(config))
    assert type(load_task(out)) is BertRegressor


def test_what_hugging_face_lacks_is_refused(tiny_parts, tmp_path):
    task = BertClassifier(*tiny_parts, ["a", "b"], pooling="mean")
    with pytest.raises(ValueError, match="expected a classifier that huggingface computes too"):
        task.save_to_preset(tmp_path / "out", format="huggingface")
    assert not (tmp_path / "out").exists()
