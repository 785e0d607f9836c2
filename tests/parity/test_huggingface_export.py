"""Every task that we write for Hugging Face computes the same there: logits, answers, ids.

Needs transformers with torch, and sentence-transformers for the encoders, in this
environment or behind KERAS_BERT_TRANSFORMERS_PYTHON.
"""

import importlib.util
import pathlib

import numpy as np
import pytest

from keras_bert.models.regressor import BertRegressor
from keras_bert.models.sentence_encoder import BertSentenceEncoder
from keras_bert.presets import resolve_preset


def _load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_here = pathlib.Path(__file__).parent
oracle = _load(_here / "transformers_oracle.py")
rows = _load(_here.parent / "conformance" / "task_rows.py")

pytestmark = pytest.mark.skipif(
    oracle.oracle_python() is None, reason="needs transformers with torch"
)

CLOSE = {"rtol": 0, "atol": 1e-5}
MAKE = {name: row.make for name, row in rows.ROWS.items()} | {
    "BertRegressor": lambda *parts: BertRegressor(*parts)
}
CLASSES = {
    "BertClassifier": "BertForSequenceClassification",
    "BertClassifier_multi_label_pairs": "BertForSequenceClassification",
    "BertQuestionAnswerer": "BertForQuestionAnswering",
    "BertRegressor": "BertForSequenceClassification",
    "BertMultipleChoice_question": "BertForMultipleChoice",
    "BertTokenClassifier": "BertForTokenClassification",
    "BertTokenClassifier_argmax_bioes": "BertForTokenClassification",
    "BertRoleLabeler": "BertForTokenClassification",
    "BertMaskedLM": "BertForMaskedLM",
    "BertPretrainer": "BertForPreTraining",
}


def features(rows=7, length=13):
    generator = np.random.default_rng(23)
    mask = np.arange(length) < generator.integers(1, length + 1, (rows, 1))
    ids = generator.integers(0, 19, mask.shape) * mask
    types = generator.integers(0, 2, mask.shape)
    names = ("input_word_ids", "input_mask", "input_type_ids")
    return {n: np.asarray(a, "int32") for n, a in zip(names, (ids, mask, types), strict=True)}


def ours_by_their_names(task, inputs):
    """What the task computes, under transformers' names and in its shapes."""
    rows, length = inputs["input_mask"].shape
    if "masked_lm_positions" in task.input:
        everywhere = np.tile(np.arange(length, dtype="int32"), (rows, 1))
        inputs = inputs | {"masked_lm_positions": everywhere}
    outputs = task(inputs)
    if isinstance(outputs, dict):
        names = {"mlm_logits": "prediction_logits", "nsp_logits": "seq_relationship_logits"}
        return {names[name]: np.asarray(value) for name, value in outputs.items()}
    outputs = np.asarray(outputs)
    if type(task).__name__ == "BertQuestionAnswerer":
        return {"start_logits": outputs[..., 0], "end_logits": outputs[..., 1]}
    return {"logits": outputs}


@pytest.mark.parametrize("name", CLASSES)
def test_logits(tmp_path, name):
    task = MAKE[name](*rows.parts())
    folder = task.save_to_preset(tmp_path / "out", format="huggingface")
    inputs = features()
    theirs_of = inputs
    if name.startswith("BertMultipleChoice"):  # [rows, choices, S]
        theirs_of = {key: value[:, None] for key, value in inputs.items()}
    theirs, report = oracle.run(folder, CLASSES[name], theirs_of, tmp_path)
    assert not report["missing_keys"]
    # Kept, although some classes have no place for it.
    assert all(key.startswith("bert.pooler.dense.") for key in report["unexpected_keys"])
    kept = inputs["input_mask"].astype(bool)
    for key, value in ours_by_their_names(task, inputs).items():
        other = theirs[key].reshape(value.shape)
        of_tokens = value.shape[:2] == kept.shape
        np.testing.assert_allclose(
            *((a[kept] if of_tokens else a) for a in (value, other)), **CLOSE
        )


def test_ids_and_labels_from_text(tmp_path):
    task = MAKE["BertClassifier"](*rows.parts())
    folder = str(task.save_to_preset(tmp_path / "out", format="huggingface"))
    texts = [text[:40] for text in rows.TEXTS]  # the pipeline cuts nothing
    tokenizer = task.preprocessor.tokenizer
    ids = [[tokenizer.cls_id, *row, tokenizer.sep_id] for row in tokenizer(texts).to_list()]
    assert oracle.ask(do="tokenize", folder=folder, texts=texts)["ids"] == ids
    theirs = oracle.ask(do="pipeline", kind="text-classification", folder=folder, texts=texts)
    ours = task.predict(texts)
    assert [answer["label"] for answer in theirs] == list(ours["label"])
    scores = [answer["score"] for answer in theirs]
    np.testing.assert_allclose(scores, ours["score"], **CLOSE)


def test_words_for_a_mask(tmp_path):
    task = MAKE["BertMaskedLM"](*rows.parts())
    folder = str(task.save_to_preset(tmp_path / "out", format="huggingface"))
    texts = ["ada lives in die [MASK]!", "狗 [MASK] 猫"]
    theirs = oracle.ask(do="pipeline", kind="fill-mask", folder=folder, texts=texts)
    inputs = {name: np.asarray(value) for name, value in task.preprocessor(texts).items()}
    ours = ours_by_their_names(task, inputs)["logits"]
    ids = inputs["input_word_ids"]
    for row, answers in enumerate(theirs):
        logits = ours[row, list(ids[row]).index(task.preprocessor.tokenizer.mask_id)]
        scores = np.exp(logits - logits.max())
        scores /= scores.sum()
        assert [answer["token"] for answer in answers] == list(np.argsort(-scores)[: len(answers)])
        theirs_scores = [answer["score"] for answer in answers]
        np.testing.assert_allclose(theirs_scores, np.sort(scores)[::-1][: len(answers)], **CLOSE)


def same_embeddings(encoder, folder, texts):
    theirs = oracle.ask(do="embed", folder=str(folder), texts=texts)
    if theirs is None:
        pytest.skip("needs sentence-transformers")
    assert theirs["max_seq_length"] == encoder.preprocessor.sequence_length
    np.testing.assert_allclose(encoder.encode(texts), theirs["vectors"], **CLOSE)


@pytest.mark.parametrize("pooling", ["mean", "max", "first"])
@pytest.mark.parametrize("options", [{}, {"normalize": False, "embedding_size": 7}])
def test_embeddings(tmp_path, pooling, options):
    encoder = BertSentenceEncoder(*rows.parts(), pooling=pooling, **options)
    folder = encoder.save_to_preset(tmp_path / "out", format="huggingface")
    same_embeddings(encoder, folder, rows.TEXTS)
    same_embeddings(BertSentenceEncoder.from_preset(folder), folder, rows.TEXTS)


def test_minilm_in_and_out(tmp_path):
    try:
        minilm = resolve_preset("all-minilm-l6-v2")
    except ModuleNotFoundError as error:
        pytest.skip(str(error))
    encoder = BertSentenceEncoder.from_preset(minilm)
    texts = ["A ferry leaves at noon.", "déjà vu & 東京", "", "word " * 300]
    assert encoder.preprocessor.sequence_length == 256  # the folder's, not the default
    same_embeddings(encoder, minilm, texts)
    folder = encoder.save_to_preset(tmp_path / "out", format="huggingface")
    same_embeddings(encoder, folder, texts)
