"""Well-known models in the shape of BERT on the Hugging Face Hub.

Each has its licence and its description on its own page there. Some sentence encoders were
trained with words before a text (E5: `query: ` and `passage: `; BGE, GTE's and others'
cards name theirs): put them there yourself.
"""

_BASE, _LARGE = "12 layers, hidden size 768", "24 layers, hidden size 1024"
_SMALL = "12 layers, hidden size 384"
_ENGLISH = "lower-cased English"
_EMBEDS = "sentence embeddings"

# name → repository, licence, description.
HUB_MODELS = {
    "bert-base-uncased": ("google-bert/bert-base-uncased", "Apache-2.0", f"{_BASE}, {_ENGLISH}"),
    "bert-base-cased": ("google-bert/bert-base-cased", "Apache-2.0", f"{_BASE}, cased English"),
    "bert-large-uncased": ("google-bert/bert-large-uncased", "Apache-2.0", f"{_LARGE}, {_ENGLISH}"),
    "bert-large-cased": ("google-bert/bert-large-cased", "Apache-2.0", f"{_LARGE}, cased English"),
    "bert-large-uncased-whole-word-masking": (
        "google-bert/bert-large-uncased-whole-word-masking",
        "Apache-2.0",
        f"{_LARGE}, {_ENGLISH}, whole-word masking",
    ),
    "bert-large-cased-whole-word-masking": (
        "google-bert/bert-large-cased-whole-word-masking",
        "Apache-2.0",
        f"{_LARGE}, cased English, whole-word masking",
    ),
    "bert-base-multilingual-cased": (
        "google-bert/bert-base-multilingual-cased",
        "Apache-2.0",
        f"{_BASE}, 104 languages, cased",
    ),
    "bert-base-multilingual-uncased": (
        "google-bert/bert-base-multilingual-uncased",
        "Apache-2.0",
        f"{_BASE}, 102 languages, lower-cased",
    ),
    "bert-base-chinese": ("google-bert/bert-base-chinese", "Apache-2.0", f"{_BASE}, Chinese"),
    "all-minilm-l12-v2": (
        "sentence-transformers/all-MiniLM-L12-v2",
        "Apache-2.0",
        f"{_SMALL}, {_ENGLISH}, {_EMBEDS}",
    ),
    "paraphrase-minilm-l6-v2": (
        "sentence-transformers/paraphrase-MiniLM-L6-v2",
        "Apache-2.0",
        f"6 layers, hidden size 384, {_ENGLISH}, {_EMBEDS}",
    ),
    "bge-small-en-v1.5": ("BAAI/bge-small-en-v1.5", "MIT", f"{_SMALL}, {_ENGLISH}, {_EMBEDS}"),
    "bge-base-en-v1.5": ("BAAI/bge-base-en-v1.5", "MIT", f"{_BASE}, {_ENGLISH}, {_EMBEDS}"),
    "bge-large-en-v1.5": ("BAAI/bge-large-en-v1.5", "MIT", f"{_LARGE}, {_ENGLISH}, {_EMBEDS}"),
    "bge-small-zh-v1.5": (
        "BAAI/bge-small-zh-v1.5",
        "MIT",
        f"4 layers, hidden size 512, Chinese, {_EMBEDS}",
    ),
    "bge-base-zh-v1.5": ("BAAI/bge-base-zh-v1.5", "MIT", f"{_BASE}, Chinese, {_EMBEDS}"),
    "bge-large-zh-v1.5": ("BAAI/bge-large-zh-v1.5", "MIT", f"{_LARGE}, Chinese, {_EMBEDS}"),
    "e5-small-v2": ("intfloat/e5-small-v2", "MIT", f"{_SMALL}, {_ENGLISH}, {_EMBEDS}"),
    "e5-base-v2": ("intfloat/e5-base-v2", "MIT", f"{_BASE}, {_ENGLISH}, {_EMBEDS}"),
    "e5-large-v2": ("intfloat/e5-large-v2", "MIT", f"{_LARGE}, {_ENGLISH}, {_EMBEDS}"),
    "gte-small": ("thenlper/gte-small", "MIT", f"{_SMALL}, {_ENGLISH}, {_EMBEDS}"),
    "gte-base": ("thenlper/gte-base", "MIT", f"{_BASE}, {_ENGLISH}, {_EMBEDS}"),
    "gte-large": ("thenlper/gte-large", "MIT", f"{_LARGE}, {_ENGLISH}, {_EMBEDS}"),
    "mxbai-embed-large-v1": (
        "mixedbread-ai/mxbai-embed-large-v1",
        "Apache-2.0",
        f"{_LARGE}, {_ENGLISH}, {_EMBEDS}",
    ),
    "snowflake-arctic-embed-xs": (
        "Snowflake/snowflake-arctic-embed-xs",
        "Apache-2.0",
        f"6 layers, hidden size 384, {_ENGLISH}, {_EMBEDS}",
    ),
    "snowflake-arctic-embed-s": (
        "Snowflake/snowflake-arctic-embed-s",
        "Apache-2.0",
        f"{_SMALL}, {_ENGLISH}, {_EMBEDS}",
    ),
    "snowflake-arctic-embed-m": (
        "Snowflake/snowflake-arctic-embed-m",
        "Apache-2.0",
        f"{_BASE}, {_ENGLISH}, {_EMBEDS}",
    ),
    "snowflake-arctic-embed-l": (
        "Snowflake/snowflake-arctic-embed-l",
        "Apache-2.0",
        f"{_LARGE}, {_ENGLISH}, {_EMBEDS}",
    ),
}
