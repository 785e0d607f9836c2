import pathlib

import numpy as np
import pytest

from keras_bert.checkpoints import read_checkpoint, write_checkpoint
from keras_bert.models import BertClassifier, BertRegressor, load_task

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden" / "huggingface_classifier"
TEXTS = ["good film", "the book was awful !"]


def same_logits(one, other, texts=TEXTS):
    np.testing.assert_allclose(
        one.predict_logits(texts, verbose=0), other.predict_logits(texts, verbose=0), atol=1e-6
    )


@pytest.fixture
def saved(tiny_parts, tmp_path):
    task = BertClassifier(
        *tiny_parts, labels=["né", "pos", "neg"], multi_label=True, pooling="mean", dropout=0.3
    )
    return task, task.save_to_preset(tmp_path / "saved")


def test_a_whole_task_comes_back(saved):
    task, folder = saved
    loaded = load_task(folder)
    assert isinstance(loaded, BertClassifier)
    assert loaded.head_config() == task.head_config()
    assert loaded.labels == task.labels
    assert loaded.preprocessor.sequence_length == task.preprocessor.sequence_length
    same_logits(task, loaded)


def test_arguments_stand_before_what_the_folder_says(saved):
    task, folder = saved
    loaded = BertClassifier.from_preset(folder, dropout=0.0, sequence_length=7)
    assert (loaded.dropout, loaded.pooling, loaded.preprocessor.sequence_length) == (0.0, "mean", 7)
    same_logits(task, loaded)


def test_rates_of_dropout_stand_before_what_the_folder_says(tiny_parts, tmp_path):
    folder = BertRegressor(*tiny_parts).save_to_preset(tmp_path / "regressor")
    rates = {"hidden_dropout_prob": 0.25, "attention_probs_dropout_prob": 0.5}
    loaded = BertRegressor.from_preset(folder, **rates)
    config = loaded.backbone.config
    assert (config.hidden_dropout_prob, config.attention_probs_dropout_prob) == (0.25, 0.5)
    assert loaded.head_dropout.rate == 0.25


def test_a_frozen_backbone_stays_frozen_under_a_new_head(tiny_parts):
    backbone, preprocessor = tiny_parts
    backbone.trainable = False
    try:
        task = BertRegressor(backbone, preprocessor)
        assert len(task.trainable_variables) == 2  # of the head
        assert not backbone.trainable
    finally:
        backbone.trainable = True
    assert not BertRegressor(backbone, preprocessor, trainable=False).trainable


def test_other_labels_mean_a_new_head_on_the_same_backbone(saved):
    task, folder = saved
    other = BertClassifier.from_preset(folder, labels=["a", "b"])
    np.testing.assert_array_equal(other.backbone.get_weights()[0], task.backbone.get_weights()[0])
    assert other.output_shape == (None, 2)


def test_a_regressor_comes_back_and_takes_a_classifiers_backbone(tiny_parts, saved, tmp_path):
    task = BertRegressor(*tiny_parts, pairs=True)
    loaded = load_task(task.save_to_preset(tmp_path / "regressor"))
    assert isinstance(loaded, BertRegressor)
    assert loaded.pairs
    same_logits(task, loaded, (TEXTS, TEXTS[::-1]))
    assert BertRegressor.from_preset(saved[1]).output_shape == (None,)


def test_hugging_face_classifier_with_its_labels():
    """Logits recorded from transformers, whose folder has no vocab.txt."""
    task = BertClassifier.from_preset(GOLDEN, sequence_length=13)
    assert task.labels == ["quiet", "loud", "louder", "deafening"]
    recorded = np.load(GOLDEN / "outputs.npz")
    features = {
        "input_word_ids": recorded["input_ids"],
        "input_mask": recorded["attention_mask"],
        "input_type_ids": recorded["token_type_ids"],
    }
    np.testing.assert_allclose(task(features), recorded["logits"], atol=1e-5)


def test_a_token_classifiers_head_is_not_taken(tiny_parts, tmp_path):
    task = BertClassifier(*tiny_parts, labels=["neg", "pos"])
    task.save_to_preset(tmp_path / "ours")
    checkpoint = read_checkpoint(tmp_path / "ours")
    checkpoint.metadata = {"architectures": ["BertForTokenClassification"]}
    write_checkpoint(checkpoint, tmp_path / "theirs", "huggingface")
    with pytest.raises(ValueError, match="checkpoint has no classifier of its own"):
        BertClassifier.from_preset(tmp_path / "theirs", sequence_length=17)


@pytest.mark.filterwarnings("ignore:Google's own code computes")
@pytest.mark.parametrize("other", ["huggingface", "google"])
def test_the_head_goes_through_other_formats(tiny_parts, tmp_path, other):
    task = BertClassifier(*tiny_parts, labels=["neg", "pos"])
    task.save_to_preset(tmp_path / "ours")
    write_checkpoint(read_checkpoint(tmp_path / "ours"), tmp_path / "theirs", other)
    back = BertClassifier.from_preset(tmp_path / "theirs", sequence_length=17)
    assert back.labels == ["neg", "pos"]
    same_logits(task, back)


def test_a_head_on_another_pooling_stays_ours(saved, tmp_path):
    checkpoint = read_checkpoint(saved[1])
    for other in ("google", "huggingface"):
        with pytest.raises(ValueError, match=f"that {other} computes too.*received pooling='mean'"):
            write_checkpoint(checkpoint, tmp_path / other, other)
        assert not (tmp_path / other).exists()


def test_refusals(tiny_parts, saved, tmp_path):
    backbone, preprocessor = tiny_parts
    backbone.save_to_preset(tmp_path / "backbone", preprocessor=preprocessor)
    with pytest.raises(ValueError, match=r"expected a fine-tuned task .* received BertBackbone"):
        load_task(tmp_path / "backbone")
    with pytest.raises(ValueError, match=r"expected labels=\[…\] for a new classifier"):
        BertClassifier.from_preset(tmp_path / "backbone")
    backbone.save_to_preset(tmp_path / "wordless")
    with pytest.raises(ValueError, match="expected a vocabulary"):
        BertClassifier.from_preset(tmp_path / "wordless", labels=["a", "b"])
    with pytest.raises(FileExistsError, match="expected no files yet"):
        saved[0].save_to_preset(saved[1])
