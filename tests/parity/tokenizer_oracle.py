"""Runs Google's `FullTokenizer` on texts from standard input; needs tf-models-official.

A worker, so that it can run in another environment than the tests: reads one JSON
object {"vocabulary": path, "lowercase": bool, "limit": int, "texts": [latin-1 of the
bytes]}, writes the JSON list of the lists of tokens.
"""

import json
import sys

from official.nlp.tools.tokenization import FullTokenizer


def main():
    order = json.load(sys.stdin)
    tokenizer = FullTokenizer(order["vocabulary"], do_lower_case=order["lowercase"])
    # google-research/bert: 200. The Model Garden's copy of it says 400.
    tokenizer.wordpiece_tokenizer.max_input_chars_per_word = order["limit"]
    texts = [text.encode("latin-1") for text in order["texts"]]
    json.dump([tokenizer.tokenize(text) for text in texts], sys.stdout)


if __name__ == "__main__":
    main()
