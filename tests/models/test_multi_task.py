import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.checkpoints import read_checkpoint, write_checkpoint
from keras_bert.models import BertBackbone, BertMultiTask, load_task

HEADS = {
    "mood": {"task": "classify", "labels": ["neg", "pos"], "dropout": 0.0},
    "thing": {"task": "classify", "labels": ["book", "film"], "pooling": "mean", "dropout": 0.0},
    "length": {"task": "regress", "pooling": "max", "dropout": 0.0},
}
ASKED = ["the film was very great !", "", "a book", "Très POOR bóok", "very " * 40]


@pytest.fixture(scope="module")
def records(reviews):
    """Texts with a label of each head; of every third record one of them is missing."""
    texts, moods = reviews
    things = ["film" if "film" in text else "book" for text in texts]
    lengths = [len(text.split()) / 5 for text in texts]
    labels = {"mood": moods, "thing": things, "length": lengths}
    cut = {
        name: [None if (row + place) % 5 == 0 else label for row, label in enumerate(column)]
        for place, (name, column) in enumerate(labels.items())
    }
    return texts, labels, cut


@pytest.fixture(scope="module")
def trained(make_parts, records):
    texts, _, cut = records
    task = BertMultiTask(*make_parts(dropout=0.0), HEADS)
    task.compile_for(8 * len(texts), epochs=4, batch_size=9, learning_rate=1e-2)
    often = {name: values * 8 for name, values in cut.items()}
    task.fit(texts * 8, often, epochs=4, batch_size=9, verbose=0)
    return task


def test_learns_all_heads_from_some_of_the_labels(trained, records):
    texts, labels, _ = records
    scores = trained.score(texts, labels, verbose=0)
    assert scores["mood_accuracy"] > 0.75 and scores["thing_accuracy"] > 0.9
    assert scores["length_pearson"] > 0.5
    (row,) = trained.answer(["the film was great !"], verbose=0)
    assert json.loads(json.dumps(row)) == row
    assert row["mood"]["label"] == "pos" and row["thing"]["label"] == "film"
    assert set(row["mood"]["probabilities"]) == {"neg", "pos"} and set(row["length"]) == {"score"}


def test_heads_are_tasks_of_their_own_with_the_same_weights(trained):
    together = trained.predict(ASKED, verbose=0)
    for name, task in trained.heads.items():
        for key, column in task.predict(ASKED, verbose=0).items():
            if column.dtype.kind == "f":
                np.testing.assert_allclose(together[f"{name}_{key}"], column, atol=2e-6)
            else:
                assert together[f"{name}_{key}"].tolist() == column.tolist()
    assert trained.heads["mood"].backbone is trained.backbone
    outside = trained.count_params() - trained.backbone.count_params()
    assert outside == (22 * 2 + 2) * 2 + 22 + 1
    assert trained.predict([])["mood_probabilities"].shape == (0, 2)


def test_labels_that_are_missing_have_no_weight(make_parts, records):
    """The gradient of a head without a label is 0, and metrics do not count it."""
    texts = records[0]
    task = BertMultiTask(*make_parts(), HEADS)
    task.compile_for(4, batch_size=4)
    one = {"mood": ["pos", None, None, None], "thing": ["film"] * 4, "length": [1, 2, 3, 4.0]}
    found = task.evaluate(texts[:4], one, verbose=0, return_dict=True)
    mood = task.heads["mood"].predict(texts[:1], verbose=0)
    expected = -np.log(mood["probabilities"][0, 1]) / 4  # averaged over the batch
    assert found["mood_loss"] == pytest.approx(expected, rel=1e-4)
    assert found["mood_accuracy"] == float(mood["label"][0] == "pos")
    weighted = task.evaluate(
        texts[:4], one, sample_weight=[0, 1, 1, 1], verbose=0, return_dict=True
    )
    assert weighted["mood_loss"] == 0 and weighted["thing_loss"] > 0


def test_datasets(make_parts, records):
    texts, labels, _ = records
    task = BertMultiTask(*make_parts(), HEADS)
    task.compile_for(len(texts))
    dataset = tf.data.Dataset.from_tensor_slices((texts, labels)).batch(32)
    found = task.evaluate(dataset, verbose=0, return_dict=True)
    expected = task.evaluate(texts, labels, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(expected["loss"], rel=1e-4)
    without = dataset.map(lambda x, _: x)
    answers = task.predict(without, verbose=0)["length_score"]
    np.testing.assert_allclose(answers, task.predict(texts, verbose=0)["length_score"], atol=2e-6)


@pytest.mark.usefixtures("untraced")
def test_presets_and_keras_files(trained, tmp_path):
    expected = trained.predict(ASKED, verbose=0)
    folder = trained.save_to_preset(tmp_path / "ours")
    trained.save(tmp_path / "task.keras")
    for again in (load_task(folder), keras.models.load_model(tmp_path / "task.keras")):
        assert isinstance(again, BertMultiTask) and again.head_config() == trained.head_config()
        found = again.predict(ASKED, verbose=0)
        np.testing.assert_allclose(found["length_score"], expected["length_score"], atol=2e-6)
        assert found["thing_label"].tolist() == expected["thing_label"].tolist()
    BertBackbone.from_preset(folder)
    with pytest.raises(ValueError, match="a head that huggingface has too; received several named"):
        write_checkpoint(read_checkpoint(folder), tmp_path / "theirs", "huggingface")
    with pytest.raises(ValueError, match="expected heads="):
        BertMultiTask.from_preset(tmp_path / "ours", heads=None)


def test_one_saved_model_with_a_signature_a_head(trained, tmp_path):
    version = trained.export(tmp_path / "1")
    loaded = tf.saved_model.load(version)
    assert set(loaded.signatures) == {"serving_default", "embed", *HEADS}
    here = trained.predict(ASKED, verbose=0)
    served = loaded.signatures["serving_default"](text=tf.constant(ASKED))
    assert served.keys() == here.keys()
    np.testing.assert_allclose(served["length_score"], here["length_score"], atol=1e-5)
    for name in ("mood", "thing"):
        alone = loaded.signatures[name](text=tf.constant(ASKED))
        assert set(alone) == {"label", "score", "probabilities"}
        np.testing.assert_allclose(alone["probabilities"], here[f"{name}_probabilities"], atol=1e-5)
    shapes = tf.train.load_checkpoint(str(version / "variables" / "variables"))
    sizes = [int(np.prod(s)) for s in shapes.get_variable_to_shape_map().values() if s]
    assert sum(sizes) == trained.count_params()
    assert set(trained.card()["heads"]) == set(HEADS)


BAD_LABELS = [
    (["pos"] * 2, r"expected a dict of labels for the heads \['mood'.*received list"),
    ({"mood": ["pos"] * 2}, r"for the heads .*; received \['mood'\]"),
    ({"mood": ["pos"] * 2, "thing": ["book"], "length": [1, 2]}, "as many labels for each head"),
    ({"mood": ["pos"], "thing": ["book"], "length": [1]}, "received 2 texts and 1 labels"),
    ({"mood": [None] * 2, "thing": ["book"] * 2, "length": [1, 2]}, "one label for head 'mood'"),
    ({"mood": ["so"] * 2, "thing": ["book"] * 2, "length": [1, 2]}, "head 'mood': .*unseen"),
    ({"mood": ["pos"] * 2, "thing": ["book"] * 2, "length": ["x", 2]}, "head 'length': .*numbers"),
]


@pytest.mark.parametrize(("y", "message"), BAD_LABELS)
def test_bad_labels(trained, y, message):
    with pytest.raises(ValueError, match=message):
        trained.fit(["good film", "bad book"], y)


BAD_HEADS = [
    ({}, "expected one or more heads; received none"),
    ({"a b": {"task": "regress"}}, "names of heads that are identifiers"),
    ({"embed": {"task": "regress"}}, "names of heads that are identifiers"),
    ({"a": {"task": "regress"}, "a_b": {"task": "regress"}}, "none the beginning of another"),
    ({"a": {"task": "dance"}}, "expected task of .* for head 'a'; received 'dance'"),
    ({"a": {"task": "classify"}}, "expected labels for head 'a'; received none"),
]


@pytest.mark.parametrize(("heads", "message"), BAD_HEADS)
def test_bad_heads(tiny_parts, heads, message):
    with pytest.raises(ValueError, match=message):
        BertMultiTask(*tiny_parts, heads)


def test_bad_weights(trained):
    labels = {"mood": ["pos"] * 2, "thing": ["book"] * 2, "length": [1, 2]}
    with pytest.raises(ValueError, match=r"expected sample_weight of shape \[2\]; received \[3\]"):
        trained.fit(["good film", "bad book"], labels, sample_weight=[1, 1, 1])
