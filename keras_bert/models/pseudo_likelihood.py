"""How probable a sentence is to a masked language model.

    PLL(w) = Σ_t log P(w_t | all pieces but w_t)

each piece masked once. It is no probability of the sentence, but ranks sentences well, such
as the hypotheses of a speech recogniser.

Source: Salazar et al. 2020, https://arxiv.org/abs/1910.14659

Shapes: N texts, R word pieces of all texts, B of them in a batch, S positions, V vocabulary.
"""

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from keras_bert.data.features import PackedFeatures
from keras_bert.models.record_pipeline import powers_of_two
from keras_bert.models.text_inputs import pack

if TYPE_CHECKING:
    from keras_bert.models.masked_lm import BertMaskedLM

_LENGTH_MULTIPLE = 8


def pseudo_log_likelihoods(
    task: "BertMaskedLM", texts: list, batch_size: int, verbose: Any = 0
) -> dict[str, np.ndarray]:
    """Scores N texts; see `BertMaskedLM.score_texts`."""
    _refuse_long(task, texts)
    packed = pack(task.pipeline.preprocessor, (texts,))
    pieces = packed.lengths[: len(texts)] - 2  # [N], without [CLS] and [SEP]
    rows = np.repeat(np.arange(len(texts)), pieces)  # [R]
    places = np.arange(len(rows)) - np.repeat(np.cumsum(pieces) - pieces, pieces) + 1  # [R]
    order = np.argsort(-pieces[rows], kind="stable")  # the longest batch fails first
    bar = keras.utils.Progbar(max(len(rows), 1), unit_name="piece", verbose=int(bool(verbose)))
    values = np.zeros(len(rows))
    for start in range(0, len(rows), batch_size):
        chosen = order[start : start + batch_size]
        values[chosen] = _log_probabilities(task, packed, rows[chosen], places[chosen])
        bar.update(start + len(chosen))
    totals = np.bincount(rows, weights=values, minlength=len(texts))[: len(texts)]
    return {
        "score": totals.astype("float32"),
        "score_per_piece": (totals / np.maximum(pieces, 1)).astype("float32"),
        "num_pieces": pieces.astype("int32"),
    }


def _refuse_long(task: "BertMaskedLM", texts: list) -> None:
    """A cut text would get the score of another one."""
    room = task.preprocessor.sequence_length - 2
    for row, length in enumerate(task.preprocessor.tokenizer(texts).row_lengths().numpy()):
        if length > room:
            raise ValueError(
                f"expected texts of at most {room} word pieces (sequence_length without two "
                f"special tokens); received {length} in row {row}"
            )


def _log_probabilities(
    task: "BertMaskedLM", packed: PackedFeatures, rows: np.ndarray, places: np.ndarray
) -> np.ndarray:
    """Logarithms of P of one masked piece each of B rows: float64 [B]."""
    features = packed.padded(rows, _length(task, int(packed.lengths[rows].max())))
    ids = features["input_word_ids"]  # [B, S]
    batch = np.arange(len(rows))
    targets = ids[batch, places].copy()  # [B]
    ids[batch, places] = task.preprocessor.tokenizer.mask_id
    positions = places[:, None].astype("int32")  # [B, 1]
    logits = task.predict_on_batch(features | {"masked_lm_positions": positions})
    logits = np.asarray(logits, np.float64)[:, 0]  # [B, V]
    highest = logits.max(axis=-1)
    total = np.log(np.exp(logits - highest[:, None]).sum(axis=-1)) + highest  # [B]
    return logits[batch, targets] - total


def _length(task: "BertMaskedLM", longest: int) -> int:
    limit = task.preprocessor.sequence_length
    if task.compiles_each_length():
        return next(length for length in powers_of_two(limit) if length >= longest)
    return min(-(-longest // _LENGTH_MULTIPLE) * _LENGTH_MULTIPLE, limit)
