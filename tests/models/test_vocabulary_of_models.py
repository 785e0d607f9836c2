"""Models whose vocabulary was pruned or continued: what stays equal."""

import numpy as np
import pytest

from keras_bert.checkpoints.formats import write_checkpoint
from keras_bert.checkpoints.vocabulary_rows import with_vocabulary
from keras_bert.data.vocabulary_extension import extend_vocabulary
from keras_bert.data.vocabulary_pruning import prune_vocabulary
from keras_bert.models.preset_io import checkpoint_of
from keras_bert.models.pretrainer import BertPretrainer
from keras_bert.text.vocabulary import Vocabulary

TEXTS = ["the film was good!", "a film was not bad?", "good good"]
COUNTS = {"film": 9, "good": 7, "was": 3, "not": 2, "bad": 2, "the": 1, "a": 1, "!": 1, "?": 1}


@pytest.fixture(scope="module")
def task(make_parts):
    task = BertPretrainer(*make_parts())
    draw = np.random.default_rng(7)
    for variable in task.variables:  # the biases too
        if variable.dtype == "float32":
            variable.assign(draw.normal(0, 0.2, variable.shape))
    return task


def changed_model(task, changed, folder):
    """The model with another vocabulary, by way of a folder."""
    old = checkpoint_of(task, preprocessor=task.preprocessor)
    new = with_vocabulary(old, list(changed.vocabulary), changed.sources)
    return BertPretrainer.from_preset(write_checkpoint(new, folder, "keras"))


def outputs_of(task, texts):
    features = task.preprocessor((texts, texts[::-1]))
    backbone = {n: np.asarray(v) for n, v in task.backbone(features, training=False).items()}
    return backbone, {n: np.asarray(v) for n, v in task(features, training=False).items()}


@pytest.mark.usefixtures("untraced")
def test_pruned_model_is_equal_on_the_pieces_that_are_kept(task, tmp_path):
    changed = prune_vocabulary(task.preprocessor.tokenizer.vocabulary, COUNTS)
    pruned = changed_model(task, changed, tmp_path / "pruned")
    assert pruned.backbone.config.vocab_size == len(changed.vocabulary) == 5 + 9 + 1  # ##s
    ids = pruned.preprocessor.tokenizer(TEXTS)
    again = pruned.preprocessor.tokenizer.detokenize(ids)
    assert again.numpy().tolist() == [
        b"the film was good !",
        b"a film was not bad ?",
        b"good good",
    ]
    (hidden, answers), (old_hidden, old_answers) = (outputs_of(t, TEXTS) for t in (pruned, task))
    for name in ("sequence_output", "pooled_output"):
        assert hidden[name].tobytes() == old_hidden[name].tobytes()
    kept = [number for (number,) in changed.sources]
    old_logits = old_answers["mlm_logits"][..., kept]
    np.testing.assert_allclose(answers["mlm_logits"], old_logits, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(answers["nsp_logits"], old_answers["nsp_logits"])


def test_continued_model_begins_as_the_old_one(task, tmp_path):
    old = task.preprocessor.tokenizer.vocabulary
    counts = {"films": 5, "books": 4, "goods": 3, "xx": 2}
    changed = extend_vocabulary(Vocabulary(old), counts, 5)
    model = changed_model(task, changed, tmp_path / "continued")
    assert set(changed.vocabulary) - set(old) == {"x", "##x", "films", "books", "goods"}
    (hidden, answers), (old_hidden, old_answers) = (outputs_of(t, TEXTS) for t in (model, task))
    assert hidden["sequence_output"].tobytes() == old_hidden["sequence_output"].tobytes()
    logits = answers["mlm_logits"][..., : len(old)]
    np.testing.assert_allclose(logits, old_answers["mlm_logits"], rtol=0, atol=1e-6)
    table, old_table = (
        np.asarray(t.backbone.get_layer("embeddings").word_embeddings.embeddings)
        for t in (model, task)
    )
    row = table[changed.vocabulary.id_of("films")]
    mean = old_table[[old.id_of("film"), old.id_of("##s")]].mean(axis=0)
    np.testing.assert_allclose(row, mean, rtol=0, atol=1e-7)
    assert np.array_equal(table[changed.vocabulary.id_of("x")], old_table[old.id_of("[UNK]")])
