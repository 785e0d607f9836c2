"""What pretraining data are made by, apart from the text and the vocabulary."""

import dataclasses
from typing import Any

DEFAULT_BLOCK_CHARACTERS = 8_000_000


@dataclasses.dataclass(frozen=True)
class PretrainingSettings:
    """The recipe of pretraining records.

    Attributes:
        sequence_length: S, word pieces of a row with the special ones.
        max_predictions_per_seq: P; None means the share `masked_lm_prob` of S.
        masked_lm_prob: share of a row's pieces that is predicted.
        whole_word: choose the pieces of a word together.
        max_ngram: the most words (or pieces) that are chosen together.
        next_sentence: pairs of passages with the label whether the second follows;
            False for rows full of text.
        cross_documents: such rows go on in the next document.
        dupe_factor: how many times the text is gone through, each time with other rows
            and masks.
        short_sequence_prob: how often rows are shorter than S.
        block_characters: text of a shard.
        seed: of all choices.
        compress: gzip the shards.

    Raises:
        ValueError: values out of range, or that contradict each other.
    """

    sequence_length: int = 128
    max_predictions_per_seq: int | None = None
    masked_lm_prob: float = 0.15
    whole_word: bool = False
    max_ngram: int = 1
    next_sentence: bool = True
    cross_documents: bool = False
    dupe_factor: int = 10
    short_sequence_prob: float = 0.1
    block_characters: int = DEFAULT_BLOCK_CHARACTERS
    seed: int = 0
    compress: bool = False

    def __post_init__(self) -> None:
        # Room for two pieces beside the special ones.
        self._require("sequence_length", 5 if self.next_sentence else 4)
        self._require("dupe_factor", 1)
        self._require("block_characters", 2)
        self._require("max_ngram", 1)
        if self.max_predictions_per_seq is None:
            share = max(1, round(self.sequence_length * self.masked_lm_prob))
            object.__setattr__(self, "max_predictions_per_seq", share)
        self._require("max_predictions_per_seq", 1)
        if not 0 < self.masked_lm_prob <= 1:
            raise ValueError(f"expected masked_lm_prob in (0, 1]; received {self.masked_lm_prob}")
        if not 0 <= self.short_sequence_prob <= 1:
            raise ValueError(
                f"expected short_sequence_prob in [0, 1]; received {self.short_sequence_prob}"
            )
        if not 0 <= self.seed < 1 << 63:
            raise ValueError(f"expected a seed from 0 to 2^63 - 1; received {self.seed}")
        if self.next_sentence and self.cross_documents:
            raise ValueError("expected cross_documents without next_sentence; received both")

    def _require(self, name: str, least: int) -> None:
        value = getattr(self, name)
        if value < least:
            raise ValueError(f"expected {name} of at least {least}; received {value}")

    def as_json(self) -> dict[str, Any]:
        """The settings by name."""
        return dataclasses.asdict(self)
