"""Learns word pieces from the words of a corpus, with Rust `tokenizers`.

The trainer joins, again and again, the pair of neighbouring pieces that is most frequent
(byte-pair encoding, Sennrich et al. 2016, arXiv:1508.07909); the pieces serve longest match.
Left alone it numbers the `##` characters in the order of a randomly seeded hash table, and
equal counts are decided by these numbers, so two runs differ. Here every character has its
number beforehand, and the same words give the same pieces whatever the number of threads.

The trainer takes texts, not counts: a word is given as often as it occurs, and where that
is more than `MOST_OCCURRENCES` in all, counts are divided first, so that a larger corpus does
not take longer. It reads them in threads of its own, where Python does not see an interrupt:
so it runs beside the main thread, and an interrupt ends its texts.
"""

import concurrent.futures
import threading
from collections.abc import Iterator, Mapping, Sequence

from keras_bert.data.alphabet import MIN_FREQUENCY, Alphabet
from keras_bert.text.vocabulary import CLASSIFY, MASK, PAD, SEPARATE, SUFFIX_INDICATOR, UNKNOWN

UNUSED = 99  # as many as put [UNK] at 100, where Google's vocabularies have it
LONGEST_WORD = 200  # characters; by default the tokenizer makes longer ones [UNK]
MOST_OCCURRENCES = 50_000_000
_WORDS_A_TEXT = 10_000
_PAUSE = 0.2  # seconds


def reserved_tokens(unused: int = UNUSED) -> list[str]:
    """`[PAD]` at 0, `[unused0]` and so on, `[UNK]`, `[CLS]`, `[SEP]`, `[MASK]`.

    Raises:
        ValueError: a negative number of unused tokens.
    """
    if unused < 0:
        raise ValueError(f"expected no fewer than 0 unused tokens; received {unused}")
    return [PAD, *(f"[unused{i}]" for i in range(unused)), UNKNOWN, CLASSIFY, SEPARATE, MASK]


def train_wordpieces(
    counts: Mapping[str, int],
    size: int,
    alphabet: Alphabet,
    *,
    reserved: Sequence[str] | None = None,
    min_frequency: int = MIN_FREQUENCY,
) -> list[str]:
    """Learns a vocabulary of `size` pieces, or of fewer where the corpus has no more.

    Args:
        counts: occurrences of each normalised word.
        size: the number of pieces, reserved tokens and characters included.
        alphabet: the characters that get pieces; words with others teach nothing.
        reserved: tokens at the beginning; `reserved_tokens()` by default.
        min_frequency: a pair of pieces that is rarer is never joined.

    Returns:
        The pieces by id: reserved tokens, characters by code point, the same with `##`,
        then what was joined, the most frequent first.

    Raises:
        ValueError: no words, or a size that the reserved tokens and characters exceed.
        ModuleNotFoundError: `tokenizers` is not installed.
    """
    reserved = reserved_tokens() if reserved is None else list(reserved)
    given = [*reserved, *alphabet.pieces()]
    if not alphabet.kept:
        raise ValueError("expected a corpus with words; received one without any")
    if size < len(given):
        raise ValueError(
            f"expected a size of at least {len(given)}: {len(reserved)} reserved tokens and "
            f"{len(given) - len(reserved)} pieces for {len(alphabet.kept)} characters (a lower "
            f"character coverage keeps fewer); received {size}"
        )
    if min_frequency < 1:
        raise ValueError(f"expected min_frequency of at least 1; received {min_frequency}")
    words = {
        word: count
        for word, count in counts.items()
        if len(word) <= LONGEST_WORD and alphabet.spells(word)
    }
    return _train(_divided(words), size, given, min_frequency)


def _train(words: Mapping[str, int], size: int, given: list[str], min_frequency: int) -> list[str]:
    try:
        from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "expected the package tokenizers, which learns vocabularies; received none: "
            "pip install 'keras-bert-text[vocabulary]'"
        ) from error
    tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size,
        min_frequency=min_frequency,
        # Those get their ids in this order, before any word is seen.
        special_tokens=given,
        initial_alphabet=[],
        continuing_subword_prefix=SUFFIX_INDICATOR,
        show_progress=False,
    )
    interrupted = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        texts = _texts(words, interrupted)
        try:
            training = thread.submit(tokenizer.train_from_iterator, texts, trainer)
            while not training.done():  # without a pause, an interrupt might not be seen
                concurrent.futures.wait([training], timeout=_PAUSE)
        except BaseException:
            interrupted.set()
            raise
        training.result()
    ids = tokenizer.get_vocab()
    return sorted(ids, key=ids.__getitem__)


def _divided(words: dict[str, int]) -> dict[str, int]:
    """Counts in proportion, of about `MOST_OCCURRENCES` in all; the rarest words go."""
    divisor = -(-sum(words.values()) // MOST_OCCURRENCES)
    if divisor <= 1:
        return words
    rounded = {word: (count + divisor // 2) // divisor for word, count in words.items()}
    return {word: count for word, count in rounded.items() if count}


def _texts(words: Mapping[str, int], interrupted: threading.Event) -> Iterator[str]:
    """Each word as often as it occurs, in texts of bounded length."""
    for word, count in words.items():
        while count and not interrupted.is_set():
            times = min(count, _WORDS_A_TEXT)
            yield f"{word} " * times
            count -= times
