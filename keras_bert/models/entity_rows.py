"""The columns of a tagging task's answers, as entities of each record.

Shapes: N records, M entities of the longest.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from keras_bert.data.tagging_schemes import Span

# Key of a JSON-ready entity → column of `keras_bert.text.tagging.EntityAnswers`.
_KEYS = {
    "text": "entities",
    "type": "types",
    "score": "scores",
    "start": "char_starts",
    "end": "char_limits",
    "byte_start": "byte_starts",
    "byte_end": "byte_limits",
}


def entity_rows(columns: Mapping[str, np.ndarray]) -> Iterator[list[dict[str, Any]]]:
    """The entities of each record as JSON-ready dicts.

    Args:
        columns: [N, M] each, and `num_entities` [N].
    """
    lists = {key: columns[name].tolist() for key, name in _KEYS.items()}
    for row, number in enumerate(columns["num_entities"].tolist()):
        yield [{key: values[row][i] for key, values in lists.items()} for i in range(number)]


def entity_spans(columns: Mapping[str, np.ndarray]) -> list[list[Span]]:
    """The entities of each record in characters; arguments as in `entity_rows`."""
    return [
        [Span(entity["type"], entity["start"], entity["end"]) for entity in entities]
        for entities in entity_rows(columns)
    ]
