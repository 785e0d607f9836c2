r"""The word pieces of a BERT and their ids.

A vocabulary file holds one piece a line; the line's number, from 0, is the id.
Lines end at `\n` alone and are stripped of Unicode white space, as Google's
`load_vocab` does: its own Chinese vocabulary holds a line with U+2028 only, which
thereby becomes the empty piece and still takes an id.
"""

import os
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

PAD, UNKNOWN, CLASSIFY, SEPARATE, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
SPECIAL_TOKENS = (PAD, UNKNOWN, CLASSIFY, SEPARATE, MASK)
SUFFIX_INDICATOR = "##"


class Vocabulary(Sequence[str]):
    """An immutable list of distinct word pieces with the five special tokens.

    Args:
        tokens: word pieces in the order of their ids; each is stripped.

    Raises:
        ValueError: for no tokens, a token that is not a string, duplicates, or
            missing special tokens.

    Example:
        >>> vocabulary = Vocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "word"])
        >>> vocabulary.id_of("word"), vocabulary[5], len(vocabulary)
        (5, 'word', 6)
    """

    def __init__(self, tokens: Iterable[str]):
        self._tokens = tuple(_stripped(tokens))
        self._ids = {token: number for number, token in enumerate(self._tokens)}
        _check(self._tokens, self._ids)

    @classmethod
    def from_file(cls, path: str | os.PathLike) -> "Vocabulary":
        """Reads a `vocab.txt`: UTF-8, one word piece a line.

        Raises:
            ValueError: naming the file, for an empty or non-UTF-8 file, and for
                everything that the constructor refuses.
        """
        path = pathlib.Path(path)
        try:
            text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"expected the vocabulary {path} in UTF-8; "
                f"received the invalid byte 0x{error.object[error.start]:02x} at offset "
                f"{error.start}"
            ) from error
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()
        try:
            return cls(lines)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error

    @classmethod
    def of(cls, vocabulary: "Vocabulary | str | os.PathLike | Iterable[str]") -> "Vocabulary":
        """Takes a `Vocabulary`, the path of a vocabulary file, or the tokens themselves."""
        if isinstance(vocabulary, Vocabulary):
            return vocabulary
        if isinstance(vocabulary, str | os.PathLike):
            return cls.from_file(vocabulary)
        return cls(vocabulary)

    def save(self, path: str | os.PathLike) -> None:
        """Writes the vocabulary so that `from_file` reads the same one back."""
        text = "".join(f"{token}\n" for token in self._tokens)
        pathlib.Path(path).write_bytes(text.encode("utf-8"))

    def id_of(self, token: str) -> int:
        """Returns the id of a word piece; `KeyError` when there is none."""
        return self._ids[token]

    def __contains__(self, token: object) -> bool:
        return token in self._ids

    def __len__(self) -> int:
        return len(self._tokens)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tokens)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index):
        return self._tokens[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self._tokens == other._tokens

    def __hash__(self) -> int:
        return hash(self._tokens)

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} tokens)"


def _stripped(tokens: Iterable[str]) -> Iterator[str]:
    for number, token in enumerate(tokens):
        if not isinstance(token, str):
            raise ValueError(
                f"expected vocabulary tokens of type str; received {token!r} as token {number}"
            )
        yield token.strip()


def _check(tokens: tuple[str, ...], ids: dict[str, int]) -> None:
    if not tokens:
        raise ValueError("expected a vocabulary with tokens; received an empty one")
    if len(ids) < len(tokens):
        raise ValueError(
            f"expected distinct vocabulary tokens; received duplicates: {_duplicates(tokens, ids)}"
        )
    missing = [token for token in SPECIAL_TOKENS if token not in ids]
    if missing:
        raise ValueError(
            f"expected a vocabulary with the special tokens {', '.join(SPECIAL_TOKENS)}; "
            f"received one without {', '.join(missing)}"
        )


def _duplicates(tokens: tuple[str, ...], last_ids: dict[str, int]) -> str:
    found = [
        f"{token!r} (lines {number + 1} and {last_ids[token] + 1})"
        for number, token in enumerate(tokens)
        if last_ids[token] != number
    ]
    return ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
