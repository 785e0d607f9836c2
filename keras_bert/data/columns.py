"""Which columns hold the text, its pair and the label.

Columns are asked for by header name or by position (0-based: an integer, or its
digits as a string). Without being asked, the names that public data sets use are
tried.
"""

from collections.abc import Sequence
from typing import NamedTuple

Column = int | str

# Tried in this order, first the two-text names, then the single ones.
_PAIR_NAMES = (
    ("text", "text_pair"),
    ("text", "pair"),
    ("text_a", "text_b"),
    ("text1", "text2"),
    ("sentence1", "sentence2"),
    ("sentence_a", "sentence_b"),
    ("premise", "hypothesis"),
    ("question1", "question2"),
    ("question", "sentence"),
    ("question", "passage"),
    ("#1 string", "#2 string"),
)
_TEXT_NAMES = (
    *("text", "sentence", "text_a", "sentence1", "utterance", "review", "comment"),
    *("question", "query", "content", "tweet", "message", "document", "title"),
)
_LABEL_NAMES = (
    *("label", "labels", "gold_label", "category", "class", "intent", "sentiment"),
    *("target", "score", "similarity", "rating", "stars", "quality"),
)


class Columns(NamedTuple):
    """Keys into a row's cells: positions, or names for JSON objects."""

    text: Column
    pair: Column | None
    label: Column | None


def as_column(column: Column | None) -> Column | None:
    """Turns digits into a position; checks that a position is not negative."""
    if isinstance(column, str) and column.isascii() and column.isdigit():
        return int(column)
    if isinstance(column, int) and column < 0:
        raise ValueError(f"expected a column's position counted from 0; received {column}")
    return column


def is_usual_header(cells: Sequence[str], columns: Columns) -> bool:
    """Whether `cells` are names and no data, though positions were asked for.

    True where at least two of the asked cells, and all of them, are usual names
    of their roles (`sentence`, `label`).
    """
    firsts, seconds = zip(*_PAIR_NAMES, strict=True)
    usual = ({*_TEXT_NAMES, *firsts}, set(seconds), set(_LABEL_NAMES))
    asked = [(c, names) for c, names in zip(columns, usual, strict=True) if c is not None]
    matches = [c < len(cells) and cells[c].strip().lower() in names for c, names in asked]
    return len(matches) >= 2 and all(matches)


def named_columns(
    names: Sequence[str], asked: tuple[Column | None, ...], source: str, labels: bool | None
) -> Columns:
    """Finds the columns among a header's names.

    Args:
        names: the header, or the keys of a JSON object.
        asked: text, pair and label column as asked for; None where it was not.
        source: the file, for messages.
        labels: True where a label column must be there, False where none is wanted.

    Returns:
        Names from `names`, exactly as they are spelt there.

    Raises:
        ValueError: for a column that is not there; lists those that are.
    """
    text, pair, label = (_asked_name(names, column, source) for column in asked)
    if text is None:
        text, usual_pair = _usual_texts(names, source)
        pair = usual_pair if pair is None else pair
    if label is None and labels is not False:
        label = _first_present(names, _LABEL_NAMES)
        if label is None and labels:
            raise ValueError(
                f"expected a label column in {source}, one of {list(_LABEL_NAMES)} "
                f"or label_column=NAME; received columns {_shown(names)}"
            )
    return Columns(text, pair, None if labels is False else label)


def _asked_name(names: Sequence[str], column: Column | None, source: str) -> str | None:
    if column is None or column in names:
        return column
    if isinstance(column, int) and column < len(names):
        return names[column]
    folded = [name for name in names if name.strip().lower() == str(column).strip().lower()]
    if len(folded) == 1:
        return folded[0]
    raise ValueError(f"expected column {column!r} in {source}; received columns {_shown(names)}")


def _usual_texts(names: Sequence[str], source: str) -> tuple[str, str | None]:
    for first, second in _PAIR_NAMES:
        text, pair = _first_present(names, (first,)), _first_present(names, (second,))
        if text is not None and pair is not None:
            return text, pair
    text = _first_present(names, _TEXT_NAMES)
    if text is None:
        raise ValueError(
            f"expected a header in {source} with a text column, one of {list(_TEXT_NAMES)}, "
            f"or a pair such as ['sentence1', 'sentence2']; received {_shown(names)} "
            "(name the columns, or for a file without header give their positions: "
            "text_column=0, label_column=1)"
        )
    return text, None


def _first_present(names: Sequence[str], candidates: Sequence[str]) -> str | None:
    folded = {name.strip().lower(): name for name in reversed(names)}
    return next((folded[name] for name in candidates if name in folded), None)


def _shown(names: Sequence[str]) -> list[str]:
    """The names, cut: where a header is missing they are a row of data."""
    return [name if len(name) <= 40 else name[:37] + "..." for name in names]
