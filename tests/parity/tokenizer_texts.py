"""Odd texts for tokenizers, and a vocabulary in which their differences show.

The vocabulary holds single characters, as a word's first and as a later piece, so that
tokens tell exactly which characters normalisation left; with a real vocabulary most of
these words would all be [UNK].
"""

import random
import sys
import unicodedata

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [
    "the", "of", "un", "##able", "##ing", "caf", "##fe", "##é", "[unused1]", "...", "##'", "'s",
    "a.b", "##.", "##", "##a.b", "##中国", "中国", "x-y", "##²", "ᄒ", "##ᅡ", "##ᆫ", "i̇", "##́",
]  # fmt: skip
ALWAYS = (
    "\0\t\n\v\f\r\x1c\x1f\x7f\x80\x85\xa0\xad\u1680\u180e\u2000\u200b\u200d\u2028\u2029\u202f"
    "\u205f\u2060\u3000\ufeff\ufffd\ufffe\uffff\U0010ffff\ue000\u0378\U000e0001\U000e0100"
    "\u037e\u1fef\u2260\u226e\u0387\u212a\u2126\u0344\u1e9e\u0130\u0131\u03a3\u03c3\u03c2\u00df"
    "\u00b2\u00aa\ufb01\u1d2c\u24b6\u2160\U00010400\U0001f130\ufe0f\u20dd\u20e3\u0345\u0f77"
    "\uf900\ufa0e\U0002f800\U0002f81d\U0002f81a\u4e00\u9fff\u3400\u4db6\u4dc0\u3007\u3021"
    "\u302e\u302f\U0001d15e\U0001d160\U0001d165\U0001d16d\U0001d16e\u1b44\u1bf2\u0301\u0316\u0323"
    "\u09cb\u09be\u0d4a\uac00\ud7a3\u1100\u304c\u30d1\uff21\uff0c\u2018\u2019\u2014\u2026\u00e9"
)
SIGMA = "ΣΣΣσaA'.:·\u00ad\u0301\u200b\u0345ªⒶ1- 中\u2028Ϊ\x01"
ORDER = (
    "a\u0301\u0316\u302e\u302f\u1b44\U0001d165\U0001d16d\U0001d16e\u0902\u09be가\u1bf2\U00016ff0 "
)
BYTES = bytes.fromhex(
    "4120 80 8f 90 9f a0 bf c0 c1 c2 c3 df e0 e2 ed ee ef f0 f1 f4 f5 f8 ff bb bf"
)


def character_pool(rng, per_category=60):
    """Characters of every general category, and all of `ALWAYS`."""
    categories = {}
    for code in range(sys.maxunicode + 1):
        categories.setdefault(unicodedata.category(chr(code)), []).append(chr(code))
    del categories["Cs"]
    pool = []
    for characters in categories.values():
        pool += rng.sample(characters, min(per_category, len(characters)))
    return pool + list(ALWAYS)


def odd_texts(count, seed=0):
    """Returns `count` texts as bytes, of many odd kinds, and the characters they use."""
    rng = random.Random(seed)
    pool = character_pool(rng)
    makers = [_anything, _accented, _latin, _sigmas, _reordered, _corrupt, _bytes, _hangul]
    texts = [makers[number % len(makers)](rng, pool) for number in range(count - count // 200)]
    texts += [_long(rng, pool) for _ in range(count // 200)]
    return texts, pool


def character_vocabulary(pool):
    """The special tokens, `WORDS`, and each character and what it may become."""
    ascii_and_more = [chr(code) for code in range(0x21, 0x7F)] + list(SIGMA + ORDER)
    characters = {}
    for character in [*ascii_and_more, *pool]:
        for form in (character, character.lower(), unicodedata.normalize("NFD", character.lower())):
            characters.update(dict.fromkeys(form))
    shown = [c for c in characters if c.strip() == c != ""]
    # Some characters are left out, so that words with them become [UNK].
    kept = [c for number, c in enumerate(shown) if number % 17 or c.isascii()]
    pieces = [*SPECIAL, *WORDS, *kept, *(f"##{c}" for c in kept)]
    return list(dict.fromkeys(pieces))


def _pick(rng, characters, most):
    return "".join(rng.choice(characters) for _ in range(rng.randint(0, most)))


def _anything(rng, pool):
    return _pick(rng, pool, 20).encode()


def _accented(rng, pool):
    base = "the Café naïve ÅNGSTRÖM Ünable İstanbul don’t “x” ½ straße "
    marks = "\u0301\u0308\u030a\u0327\u200d\ufe0f\u20e3"
    text = "".join(c + (rng.choice(marks) if rng.random() < 0.3 else "") for c in base)
    return text[rng.randint(0, 20) : rng.randint(20, len(text))].encode()


def _latin(rng, pool):
    letters = "abcxyzABCXYZ  \t\n'.-[]#$+0123\u2019"
    text = _pick(rng, letters, 40)
    return (
        text + (rng.choice(pool) if rng.random() < 0.5 else "") + _pick(rng, letters, 9)
    ).encode()


def _sigmas(rng, pool):
    return _pick(rng, SIGMA, 14).encode()


def _reordered(rng, pool):
    return _pick(rng, ORDER, 14).encode()


def _corrupt(rng, pool):
    text = bytearray(_pick(rng, pool, 12).encode())
    for _ in range(rng.randint(1, 3)):
        text.insert(rng.randint(0, len(text)), rng.choice(BYTES))
    return bytes(text[: rng.randint(0, len(text))])


def _bytes(rng, pool):
    return bytes(rng.choice(BYTES) for _ in range(rng.randint(0, 14)))


def _hangul(rng, pool):
    scripts = "한국어ᄒ각がパ中文字豈ﬀЙй۱१กำ🙂👩‍👩 "
    return _pick(rng, scripts, 16).encode()


def _long(rng, pool):
    letter = rng.choice(["a", "é", "中", "\U00010428", "한", "'", "e\u0301", "x\u200b", "Σ"])
    return (letter * rng.choice([49, 50, 51, 99, 100, 101, 199, 200, 201, 202, 399, 401])).encode()


def is_old(char):
    """Whether a character means today what it meant in Unicode 3.2, so that it is stable."""
    old, new = unicodedata.ucd_3_2_0, unicodedata
    return old.category(char) == new.category(char) != "Cn" and old.normalize(
        "NFD", char
    ) == new.normalize("NFD", char)
