"""Records that are lists of words, on their way into and out of a tagging task.

Shapes: N records.
"""

from collections.abc import Callable, Sequence
from typing import Any

from keras_bert.data.batches import FeatureBatches
from keras_bert.data.tagging_schemes import Span, spans_from_tags, tags_from_spans
from keras_bert.data.word_texts import WordText, check_words, join_words
from keras_bert.models.window_inputs import WindowPipeline


class WordPipeline(WindowPipeline):
    """As `WindowPipeline`, for records that may be words with tags.

    Args:
        join: `(x, y)` of words to `(x, y)` of texts; leaves others as they are.
        *columns: of `WindowPipeline`.
        **settings: the same.
    """

    def __init__(
        self, join: Callable[[Any, Any], tuple[Any, Any]], *columns: Any, **settings: Any
    ) -> None:
        super().__init__(*columns, **settings)
        self.join = join

    def in_memory(self, x: Any, y: Any, *rest: Any) -> FeatureBatches:
        """Records as batches of windows; see `WindowPipeline`."""
        return super().in_memory(*self.join(x, y), *rest)


def decoded(text: str | bytes) -> str:
    """A text as `str`; bytes that are not UTF-8 are left out, as tokenizers do."""
    return text.decode("utf-8", "ignore") if isinstance(text, bytes) else text


def join_sentences(sentences: Any, separator: str | None) -> list[WordText]:
    """Joins the words of each of N sentences.

    Raises:
        ValueError: a sentence that is no list of words.
    """
    return [join_words(words, separator) for words in check_words(sentences)]


def spans_of_tags(texts: Sequence[WordText], tags: Any) -> list[list[Span]]:
    """The entities of N sentences in characters, from a tag for each of their words.

    Raises:
        ValueError: another number of sentences or of tags, or an unknown tag.
    """
    tags = list(tags)
    if len(tags) != len(texts):
        raise ValueError(
            f"expected tags for each of {len(texts)} sentences; received {len(tags)} lists of tags"
        )
    spans = []
    for row, (text, own) in enumerate(zip(texts, tags, strict=True)):
        if isinstance(own, str) or len(own) != len(text.starts):
            raise ValueError(
                f"expected a tag for each of the {len(text.starts)} words of row {row}; received "
                + (repr(own) if isinstance(own, str) else f"{len(own)} tags")
            )
        spans.append(
            [text.characters(span) for span in spans_from_tags(own) if _stands(text, span)]
        )
    return spans


def _stands(text: WordText, span: Span) -> bool:
    """Whether an entity has a character: its words may all be empty."""
    return text.starts[span.start] < text.limits[span.limit - 1]


def tags_of_spans(text: WordText, spans: Sequence[Span], scheme: str) -> list[str]:
    """The tags of a sentence's words, from entities in characters."""
    return tags_from_spans([text.words(span) for span in spans], len(text.starts), scheme)
