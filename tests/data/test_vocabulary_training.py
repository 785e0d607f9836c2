"""Words of a corpus, its alphabet, and pieces learned from both."""

import _thread
import builtins
import itertools
import threading
import time
from collections import Counter

import numpy as np
import pytest

from keras_bert.data.alphabet import choose_alphabet
from keras_bert.data.segmentation import segment, use_of
from keras_bert.data.word_counts import WordCounter
from keras_bert.data.wordpiece_training import reserved_tokens, train_wordpieces
from keras_bert.text.tokenizer import BertTokenizer
from keras_bert.text.vocabulary import Vocabulary

SPECIAL = reserved_tokens(unused=0)
ODD_TEXTS = [
    "Naïve CAFÉ, naive\u00a0cafe!\tΣΊΣΥΦΟΣ Σ ὈΔΥΣΣΕΎΣ\u3000x",
    "中文 and日本語 mixed  ①ﬁ 𝔘nicode\u200b joined\x00up",
    "\x1ca\x1db\x85c\u2028d e\u0301\u0323 \u0323\u0301f",
    "don't... U.S.A. 3,141.59 a__b [MASK] ##x",
    "x" * 201 + " " + "y" * 200,
    "",
    "    ",
]


@pytest.fixture(scope="module")
def corpus():
    """Words with skewed frequencies, from a small alphabet, so that pairs repeat."""
    draw = np.random.default_rng(17)
    stems = ["".join(draw.choice(list("abcdef"), draw.integers(1, 7))) for _ in range(113)]
    return Counter(stems[min(int(draw.pareto(0.6)), 112)] for _ in range(7919))


@pytest.mark.parametrize("lowercase", [True, False])
def test_word_counts_are_of_the_words_that_the_tokenizer_sees(lowercase):
    counter = WordCounter(lowercase)
    counter.add(ODD_TEXTS)
    counter.add(ODD_TEXTS[:3])
    words = counter.result()
    alphabet = choose_alphabet(words.counts, 10**6, coverage=1.0)
    vocabulary = Vocabulary([*SPECIAL, *alphabet.pieces(), "naive", "##ive", "caf"])
    ids = BertTokenizer(vocabulary, lowercase=lowercase)([*ODD_TEXTS, *ODD_TEXTS[:3]])
    expected = np.bincount(ids.values.numpy(), minlength=len(vocabulary))
    found = use_of(vocabulary, words.counts)
    assert found.pieces.tolist() == expected.tolist()
    assert found.unknown == 1  # of 201 letters
    assert words.total == found.words == sum(words.counts.values())
    assert words.forgotten == 0


def test_word_counts_agree_with_the_normaliser_of_rust_tokenizers():
    tokenizers = pytest.importorskip("tokenizers")
    text = "Überaus naïve Çases, 3.14 & 中文字 don't!  End\tЁлка"
    normal = tokenizers.normalizers.BertNormalizer(lowercase=True).normalize_str(text)
    words = tokenizers.pre_tokenizers.BertPreTokenizer().pre_tokenize_str(normal)
    counter = WordCounter(lowercase=True)
    counter.add([text])
    assert counter.result().counts == Counter(word for word, _ in words)


def test_word_counts_forget_the_rarest_words_when_memory_is_short(monkeypatch):
    monkeypatch.setattr("keras_bert.data.word_counts._MOST_PIECES", 13)
    counter = WordCounter(lowercase=True, max_words=11)
    for number in range(200):
        counter.add([f"often {'twice ' * (number % 10 == 0)}rare{number}"])
    words = counter.result()
    assert len(words.counts) <= 11
    assert words.counts["often"] == 200
    assert words.total == 420
    assert words.forgotten == words.total - sum(words.counts.values())


def test_word_counts_do_not_depend_on_where_memory_is_settled(monkeypatch):
    results = []
    for most in (1 << 19, 7, 1):
        monkeypatch.setattr("keras_bert.data.word_counts._MOST_PIECES", most)
        counter = WordCounter(lowercase=True)
        counter.add(ODD_TEXTS * 3)
        results.append(list(counter.result().counts.items()))
    assert results[0] == results[1] == results[2]


def test_alphabet_keeps_what_covers_the_text_and_rare_characters_where_there_is_room():
    counts = {"ee": 50, "a!": 30, "q": 3, "z": 2, "中": 1}  # e 100, a 30, ! 30, q 3, z 2, 中 1
    narrow = choose_alphabet(counts, 0, coverage=0.9)
    assert narrow.kept == {"!": 30, "a": 30, "e": 100}
    assert narrow.lost == {"q": 3, "z": 2, "中": 1}
    assert narrow.coverage == pytest.approx(160 / 166)
    assert narrow.pieces() == ["!", "a", "e", "##a", "##e"]  # nothing continues a word by "!"
    assert choose_alphabet(counts, 7, coverage=0.9).lost == {"z": 2, "中": 1}
    assert choose_alphabet(counts, 99, coverage=0.9).lost == {"中": 1}
    assert choose_alphabet(counts, 0, coverage=1.0).lost == {}
    assert not narrow.spells("aqe")
    assert narrow.spells("ea!")
    assert choose_alphabet({}, 9).coverage == 1.0


def byte_pairs(words: dict[str, int], pieces: list[str], size: int, least: int) -> list[str]:
    """The learning as its paper has it: all pairs counted anew at each step."""
    pieces = list(pieces)
    spelled = {word: [word[0], *(f"##{c}" for c in word[1:])] for word in words}
    while len(pieces) < size:
        pairs = Counter()
        for word, parts in spelled.items():
            for pair in itertools.pairwise(parts):
                pairs[pair] += words[word]
        if not pairs or max(pairs.values()) < least:
            break
        best = min(pairs, key=lambda p: (-pairs[p], pieces.index(p[0]), pieces.index(p[1])))
        joined = best[0] + best[1].removeprefix("##")
        if joined not in pieces:
            pieces.append(joined)
        for parts in spelled.values():
            for place in range(len(parts) - 1):
                if tuple(parts[place : place + 2]) == best:
                    parts[place : place + 2] = [joined]
    return pieces


@pytest.mark.parametrize(("size", "least"), [(61, 2), (97, 2), (211, 31)])
def test_vocabulary_is_that_of_byte_pair_encoding_with_ties_by_id(corpus, size, least):
    alphabet = choose_alphabet(corpus, 99)
    learned = train_wordpieces(corpus, size, alphabet, reserved=SPECIAL, min_frequency=least)
    expected = byte_pairs(corpus, [*SPECIAL, *alphabet.pieces()], size, least)
    assert learned == expected
    assert (len(learned) == size) == (least == 2)


def test_vocabulary_is_the_same_whatever_the_order_of_words(corpus):
    alphabet = choose_alphabet(corpus, 99)
    results = []
    for seed in range(4):
        words = list(corpus.items())
        np.random.default_rng(seed).shuffle(words)
        counts = {str(word): int(count) for word, count in words}
        results.append(train_wordpieces(counts, 150, alphabet, reserved=SPECIAL))
    assert all(result == results[0] for result in results)


def test_vocabulary_of_very_many_words_is_learned_from_counts_in_proportion(corpus, monkeypatch):
    alphabet = choose_alphabet(corpus, 99)
    monkeypatch.setattr("keras_bert.data.wordpiece_training.MOST_OCCURRENCES", corpus.total())
    expected = train_wordpieces(corpus, 150, alphabet, reserved=SPECIAL)
    larger = {word: count * 1000 for word, count in corpus.items()}
    assert train_wordpieces(larger, 150, alphabet, reserved=SPECIAL) == expected


def test_vocabulary_learning_ends_soon_after_an_interrupt(monkeypatch, ctrl_c_interrupts):
    monkeypatch.setattr("keras_bert.data.wordpiece_training.MOST_OCCURRENCES", 10**12)
    counts = {f"{'ab' * length}": 10**7 for length in range(1, 90)}
    timer = threading.Timer(0.5, _thread.interrupt_main)
    started = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        train_wordpieces(counts, 99, choose_alphabet(counts, 9), reserved=SPECIAL)
    assert time.monotonic() - started < 60


def test_vocabulary_has_google_s_reserved_tokens(corpus):
    learned = train_wordpieces(corpus, 130, choose_alphabet(corpus, 65))
    assert [learned.index(t) for t in ("[PAD]", "[unused0]", "[unused98]")] == [0, 1, 99]
    assert learned[100:104] == ["[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def test_vocabulary_learns_nothing_from_words_that_will_be_unknown():
    counts = {"qab": 99, "cd": 5, "x" * 201: 50}
    alphabet = choose_alphabet(counts, 0, coverage=0.0, min_frequency=1)._replace(
        kept=dict.fromkeys("abcdx", 1)
    )
    learned = train_wordpieces(counts, 99, alphabet, reserved=SPECIAL)
    assert learned[len(SPECIAL) + 10 :] == ["cd"]


def test_vocabulary_use_of_no_words():
    use = use_of(Vocabulary(SPECIAL), {})
    assert (use.words, use.pieces_per_word, use.unknown_share) == (0, 0.0, 0.0)
    assert segment(Vocabulary(SPECIAL), []).splits.tolist() == [0]


def test_vocabulary_refuses_what_cannot_be(corpus):
    alphabet = choose_alphabet(corpus, 99)
    with pytest.raises(ValueError, match="expected max_words of at least 1; received 0"):
        WordCounter(True, max_words=0)
    with pytest.raises(ValueError, match=r"expected character coverage in 0\.\.1; received 1\.5"):
        choose_alphabet(corpus, 9, coverage=1.5)
    with pytest.raises(ValueError, match="no fewer than 0 unused tokens; received -1"):
        reserved_tokens(-1)
    with pytest.raises(ValueError, match="expected a corpus with words"):
        train_wordpieces({}, 999, choose_alphabet({}, 9))
    message = r"size of at least 17: 5 reserved tokens and 12 pieces for 6 characters.*received 16"
    with pytest.raises(ValueError, match=message):
        train_wordpieces(corpus, 16, alphabet, reserved=SPECIAL)
    assert len(train_wordpieces(corpus, 17, alphabet, reserved=SPECIAL)) == 17
    with pytest.raises(ValueError, match="expected min_frequency of at least 1; received 0"):
        train_wordpieces(corpus, 99, alphabet, reserved=SPECIAL, min_frequency=0)


def test_vocabulary_says_which_package_learns(corpus, monkeypatch):
    def without_tokenizers(name, *rest, original=builtins.__import__):
        if name == "tokenizers":
            raise ModuleNotFoundError(name)
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_tokenizers)
    with pytest.raises(ModuleNotFoundError, match=r"keras-bert-text\[vocabulary\]"):
        train_wordpieces(corpus, 99, choose_alphabet(corpus, 99), reserved=SPECIAL)
