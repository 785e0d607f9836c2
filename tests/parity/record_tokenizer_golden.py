"""Records Google's tokens of several hundred odd texts for the normal suite.

    KERAS_BERT_OFFICIAL_PYTHON=... python tests/parity/record_tokenizer_golden.py

The texts hold only characters that mean today what they meant in Unicode 3.2: the
expected tokens do not depend on the version of Python. Written to
tests/text/tokenizer_golden.json.
"""

import json
import pathlib
import tempfile

import tokenizer_google
import tokenizer_texts

GOLDEN = pathlib.Path(__file__).parents[1] / "text" / "tokenizer_golden.json"
COUNT = 600
SENTENCES = [
    "The café’s “naïve” guests—21 of them—paid $3.50 each… or didn't they?",
    "ὈΔΥΣΣΕΎΣ ΣΊΣΥΦΟΣ: ΛΌΓΟΣ.",
    "İstanbul'da IŞIK ılık.",
    "北京2008年奥运会，中国选手「很棒」！",
    "東京タワーへ行きました。ガギグ",
    "한국어 문장입니다.",
    "Привет, Мир! Ёлка й Й",
    "नमस्ते दुनिया",
    "שָׁלוֹם עוֹלָם",
    "don't [MASK] me [SEP] http://a.b/c?d=e&f#g @you #tag 100% x^2 ~ `y`",
]


def main():
    odd, pool = tokenizer_texts.odd_texts(COUNT * 3, seed=11)
    stable = [t for t in odd if all(map(tokenizer_texts.is_old, t.decode("utf-8", "ignore")))]
    texts = [text.encode() for text in SENTENCES] + stable[: COUNT - 10] + stable[-10:]
    used = sorted({char for text in texts for char in text.decode("utf-8", "ignore")})
    vocabulary = tokenizer_texts.character_vocabulary([c for c in used if c in pool or c > "~"])
    record = {"vocabulary": vocabulary, "texts": [text.decode("latin-1") for text in texts]}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "vocab.txt"
        path.write_bytes("".join(f"{token}\n" for token in vocabulary).encode())
        for name, lowercase in (("uncased", True), ("cased", False)):
            tokens = tokenizer_google.google_tokens(texts, path, lowercase)
            record[name] = [" ".join(row) for row in tokens]
    GOLDEN.write_text(json.dumps(record, indent=0) + "\n")


if __name__ == "__main__":
    main()
