import numpy as np
import pytest
import tensorflow as tf

from keras_bert.models.classifier import BertClassifier
from keras_bert.models.multi_task import BertMultiTask
from keras_bert.models.question_answerer import BertQuestionAnswerer
from keras_bert.models.sentence_encoder import BertSentenceEncoder
from keras_bert.models.token_classifier import BertTokenClassifier

TEXTS = ["a good film", "a bad book"]
FEATURES = {
    name: np.ones([2, 5], "int32") for name in ("input_word_ids", "input_mask", "input_type_ids")
}
# === Labels ===


@pytest.fixture(scope="module")
def classifier(make_parts):
    return BertClassifier(*make_parts(), labels=["neg", "pos"])


@pytest.mark.parametrize(
    "x",
    [
        TEXTS,
        FEATURES,
        tf.data.Dataset.from_tensor_slices(TEXTS),
        tf.data.Dataset.from_tensor_slices((TEXTS,)),
        tf.data.Dataset.from_tensor_slices(FEATURES).batch(2),
    ],
)
def test_data_to_learn_from_have_labels(classifier, x):
    with pytest.raises(ValueError, match=r"labels \(y\) beside the records of fit; received none"):
        classifier.fit(x, verbose=0)
    with pytest.raises(ValueError, match="the records of evaluate; received none"):
        classifier.evaluate(x, verbose=0)
    with pytest.raises(ValueError, match="the records of validation_data; received none"):
        classifier.fit(TEXTS, ["pos", "neg"], validation_data=x, verbose=0)


def test_batches_to_learn_from_have_labels(classifier):
    for options in ({}, {"packing": True}):
        with pytest.raises(ValueError, match="the records of fit; received none"):
            classifier.fit(classifier.batches(TEXTS, **options), verbose=0)


def test_tasks_with_labels_of_their_own_kind_need_them(make_parts):
    tagger = BertTokenClassifier(*make_parts(), ["A"])
    answerer = BertQuestionAnswerer(*make_parts(), max_query_length=3)
    several = BertMultiTask(*make_parts(), {"mood": {"task": "classify", "labels": ["a", "b"]}})
    for task, x in ((tagger, [["a", "film"]]), (answerer, (TEXTS, TEXTS)), (several, TEXTS)):
        with pytest.raises(ValueError, match="the records of fit; received none"):
            task.fit(x, verbose=0)


def test_pairs_of_texts_alike_need_no_labels(make_parts):
    history = BertSentenceEncoder(*make_parts()).fit((TEXTS, TEXTS[::-1]), verbose=0).history
    assert np.isfinite(history["loss"]).all()


# === Texts ===


def test_half_a_surrogate_pair_is_refused_by_its_row(classifier, make_parts):
    texts = ["a film", "a\ud800 film"]
    message = r"valid Unicode in row 1; received 'a.ud800 film' with half of a surrogate pair"
    tagger = BertTokenClassifier(*make_parts(), ["A"])
    for ask in (classifier.predict, tagger.answer, classifier.fit):
        with pytest.raises(ValueError, match=message):
            ask(texts)
    with pytest.raises(ValueError, match="valid Unicode in row 0"):
        tagger.answer([["a\ud800", "film"]])
