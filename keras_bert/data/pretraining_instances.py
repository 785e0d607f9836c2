"""From the documents of a block to the masked rows of pretraining, batch by batch.

    lines ──tokenizer──► word pieces of all documents in one array, and bounds of sentences
          ──recipe─────► ranges of the array that make a row, for the whole block, shuffled
          ──gather─────► [CLS] A [SEP] B [SEP], int32 [B, S]
          ──masker─────► features and targets

What comes out depends on the block, its number, the settings and the tokenizer alone.

Shapes: B rows of a batch, S positions, P predictions a row.
"""

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from keras_bert.data.full_rows import full_rows
from keras_bert.data.masking import TokenMasker
from keras_bert.data.pretraining_settings import PretrainingSettings
from keras_bert.data.sentence_pairs import Passages, document_pairs
from keras_bert.data.text_blocks import TextBlock
from keras_bert.text.tokenizer import BertTokenizer

BATCH_SIZE = 512  # what is drawn depends on it
_LINES_AT_ONCE = 512
_BLOCK_SHIFT = 32  # a block has fewer batches than 2 to this power


class TokenizedBlock(NamedTuple):
    """Word pieces of a block.

    Attributes:
        ids: int32 [pieces], those of all documents.
        documents: bounds of the sentences of each document in `ids`.
    """

    ids: np.ndarray
    documents: list[list[int]]


class PretrainingInstances:
    """Makes rows of blocks.

    Args:
        tokenizer: a `BertTokenizer`.
        settings: the recipe.

    Raises:
        ValueError: what `TokenMasker` refuses.
    """

    def __init__(self, tokenizer: BertTokenizer, settings: PretrainingSettings) -> None:
        self.tokenizer = tokenizer
        self.settings = settings
        self._masker = TokenMasker(
            tokenizer.vocabulary,
            settings.masked_lm_prob,
            settings.max_predictions_per_seq or 1,
            settings.whole_word,
            settings.max_ngram,
        )

    def batches(self, block: TextBlock) -> Iterator[dict[str, np.ndarray]]:
        """Yields the rows of a block, at most `BATCH_SIZE` at a time, in random order.

        Yields:
            `input_word_ids`, `input_mask`, `input_type_ids` int32 [B, S];
            `masked_lm_positions`, `masked_lm_ids` int32 and `masked_lm_weights` float32
            [B, P]; with `next_sentence` also `next_sentence_labels` int32 [B], 0 for "is
            next".
        """
        tokens = self.tokenize(block.documents)
        rng = random.Random(f"{self.settings.seed}/{block.number}")
        if not self.settings.next_sentence and self.settings.cross_documents:
            tokens = self._joined(tokens)
        rows = self._rows(tokens, rng)
        for number, start in enumerate(range(0, len(rows), BATCH_SIZE)):
            chosen = rows[start : start + BATCH_SIZE]
            key = np.array([self.settings.seed, block.number << _BLOCK_SHIFT | number], np.int64)
            drawn = self._masker(self._features(tokens.ids, chosen), key)
            batch = {name: np.asarray(value) for name, value in drawn.items()}
            if self.settings.next_sentence:
                batch["next_sentence_labels"] = chosen[:, 4].astype(np.int32)
            yield batch

    def tokenize(self, documents: Sequence[list[str]]) -> TokenizedBlock:
        """Word pieces of documents; sentences and documents without any are left out."""
        lines = [line for document in documents for line in document]
        pieces, counts = [np.zeros(0, np.int32)], []
        for start in range(0, len(lines), _LINES_AT_ONCE):
            ragged = self.tokenizer(lines[start : start + _LINES_AT_ONCE])
            pieces.append(ragged.values.numpy())
            counts.append(np.diff(ragged.row_splits.numpy()))
        ends = np.cumsum(np.concatenate(counts)) if counts else np.zeros(0, np.int64)
        ends_of_lines = iter(ends.tolist())
        bounds, reached = [], 0
        for document in documents:
            begins = [reached]
            for _ in document:
                reached = next(ends_of_lines)
                if reached > begins[-1]:
                    begins.append(reached)
            if len(begins) > 1:
                bounds.append(begins)
        return TokenizedBlock(np.concatenate(pieces), bounds)

    def _joined(self, tokens: TokenizedBlock) -> TokenizedBlock:
        """All documents as one, a `[SEP]` between two."""
        between = np.array([document[0] for document in tokens.documents[1:]], np.int64)
        ids = np.insert(tokens.ids, between, self.tokenizer.sep_id)
        return TokenizedBlock(ids, [[0, len(ids)]] if len(ids) else [])

    def _rows(self, tokens: TokenizedBlock, rng: random.Random) -> np.ndarray:
        """The fields of `Passages` of all rows in random order, int64 [N, 5]."""
        copies = [
            np.array(list(self._passages(tokens, rng)), np.int64).reshape(-1, 5)
            for _ in range(self.settings.dupe_factor)
        ]
        rows = np.concatenate(copies)
        order = list(range(len(rows)))
        rng.shuffle(order)
        return rows[order]

    def _passages(self, tokens: TokenizedBlock, rng: random.Random) -> Iterator[Passages]:
        short = self.settings.short_sequence_prob
        if not self.settings.next_sentence:
            most = self.settings.sequence_length - 2
            for bounds in tokens.documents:
                yield from full_rows((bounds[0], bounds[-1]), most, short, rng)
            return
        most = self.settings.sequence_length - 3
        for number in range(len(tokens.documents)):
            yield from document_pairs(tokens.documents, number, most, short, rng)

    def _features(self, ids: np.ndarray, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Gathers the rows [B, 5]; int32 [B, S] each."""
        a_start, a_stop, b_start, b_stop, _ = rows.T[:, :, np.newaxis]  # [B, 1] each
        end_of_a = a_stop - a_start + 1  # where the first [SEP] stands
        end = end_of_a + (b_stop - b_start) + (b_stop > b_start)  # and the last one
        position = np.arange(self.settings.sequence_length)  # [S]
        in_b = (position > end_of_a) & (position <= end)
        place = np.where(in_b, b_start + position - end_of_a - 1, a_start + position - 1)
        words = ids[np.clip(place, 0, len(ids) - 1)]  # [B, S]
        words = np.where((position == end_of_a) | (position == end), self.tokenizer.sep_id, words)
        words = np.where(position == 0, self.tokenizer.cls_id, words)
        inside = position <= end
        return {
            "input_word_ids": np.where(inside, words, self.tokenizer.pad_id).astype(np.int32),
            "input_mask": inside.astype(np.int32),
            "input_type_ids": in_b.astype(np.int32),
        }
