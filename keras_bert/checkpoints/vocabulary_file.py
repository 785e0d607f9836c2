"""`vocab.txt`: one word piece a line in UTF-8, the line's number (from 0) being its id.

Source: google-research/bert `tokenization.py` (`load_vocab`).
"""

import pathlib
from collections.abc import Sequence

VOCABULARY_FILE = "vocab.txt"


def read_vocabulary(folder: pathlib.Path, name: str = VOCABULARY_FILE) -> list[str] | None:
    """The word pieces in `vocab.txt`, or in a file of another name; None where there is none.

    Raises:
        ValueError: the file is not UTF-8.
    """
    path = folder / name
    if not path.exists():
        return None
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"expected UTF-8 in {path}; received {error}") from error
    # Only \n ends a line: U+2028 and its like are word pieces of the Chinese vocabulary.
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return lines[:-1] if lines[-1] == "" else lines


def write_vocabulary(vocabulary: Sequence[str], folder: pathlib.Path) -> None:
    """Writes `vocab.txt`.

    Raises:
        ValueError: a word piece holds a line break, which would shift the ids after it.
    """
    broken = [token for token in vocabulary if "\n" in token or token.endswith("\r")]
    if broken:
        raise ValueError(f"expected word pieces without line breaks; received {broken}")
    lines = "".join(f"{token}\n" for token in vocabulary)
    (folder / VOCABULARY_FILE).write_bytes(lines.encode("utf-8"))


def require_room(vocabulary: Sequence[str] | None, vocab_size: int, source: str) -> None:
    """Refuses a vocabulary with ids beyond the word embeddings; a smaller one is padding.

    Raises:
        ValueError: more word pieces than embeddings.
    """
    if vocabulary is not None and len(vocabulary) > vocab_size:
        raise ValueError(
            f"expected at most vocab_size={vocab_size} word pieces in {source}; "
            f"received {len(vocabulary)}"
        )


def looks_lowercase(vocabulary: Sequence[str] | None) -> bool | None:
    """Whether a vocabulary was made from lower-cased text: no word piece has a capital.

    Names in brackets such as `[UNK]` and `<S>` do not count. None for no vocabulary.
    """
    if vocabulary is None:
        return None
    pieces = (token for token in vocabulary if token[:1] + token[-1:] not in ("[]", "<>"))
    return all(piece == piece.lower() for piece in pieces)
