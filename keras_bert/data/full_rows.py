"""Rows full of text, for pretraining without next-sentence prediction.

A row goes on where the one before it ended, in the middle of a sentence if need be: no
text is left out, and none is padding but at the end of a document. With
`cross_documents` rows go on in the next document, from which a `[SEP]` parts it.

Source: Liu et al. 2019, arXiv:1907.11692, section 4.2, DOC-SENTENCES and FULL-SENTENCES.
These end a row with the last whole sentence that fits; here a row is filled.
"""

import itertools
import random
from collections.abc import Iterator, Sequence

from keras_bert.data.sentence_pairs import Passages


def full_rows(
    starts: Sequence[int], most: int, short_sequence_prob: float, rng: random.Random
) -> Iterator[Passages]:
    """Yields rows of one passage each.

    Args:
        starts: where each stretch of text begins that no row may cross, and where the last
            one ends, in word pieces.
        most: word pieces of a row.
        short_sequence_prob: how often a row is shorter, of 2 to `most` pieces.
        rng: of all choices.
    """
    for begin, end in itertools.pairwise(starts):
        while begin < end:
            length = most if rng.random() >= short_sequence_prob else rng.randint(2, most)
            stop = min(begin + length, end)
            yield Passages(begin, stop)
            begin = stop
