"""Records what sentence-transformers saves and computes, as a golden folder.

Run with sentence-transformers and torch, from the repository's root:
    python tests/golden/record_sentence_transformers.py
It writes `sentence_transformers/` beside this file: a random encoder with a projection, as
`save_pretrained` writes it, without its model card, and `embeddings.json`. Recorded with
sentence-transformers 6.2.0, transformers 5.23.0, torch 2.13.0.
"""

import json
import pathlib
import shutil
import tempfile

import torch
import transformers
from sentence_transformers import SentenceTransformer, models

FOLDER = pathlib.Path(__file__).parent / "sentence_transformers"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
VOCABULARY = [*SPECIAL, "ada", "##s", "bell", "lives", "in", "die", "stadt", "狗", "cafe", "!"]
TEXTS = ["Ada lives in die Stadt!", "", "狗 in Café Bells", "unknown Adas", "bell " * 20]


def main() -> None:
    """Records the folder."""
    torch.manual_seed(7)
    with tempfile.TemporaryDirectory() as bert:
        vocabulary = {token: number for number, token in enumerate(VOCABULARY)}
        transformers.BertTokenizer(vocab=vocabulary).save_pretrained(bert)
        config = transformers.BertConfig(
            vocab_size=len(VOCABULARY),
            hidden_size=22,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=37,
            max_position_embeddings=17,
        )
        transformers.BertModel(config).save_pretrained(bert)
        modules = [
            models.Transformer(bert, max_seq_length=13),
            models.Pooling(22, pooling_mode="max"),
            models.Dense(22, 7, activation_function=torch.nn.Identity()),
            models.Normalize(),
        ]
        encoder = SentenceTransformer(modules=modules, device="cpu")
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.normal_(0, 0.3)
    shutil.rmtree(FOLDER, ignore_errors=True)
    encoder.save_pretrained(str(FOLDER), create_model_card=False)
    for file in FOLDER.rglob("*.safetensors"):
        file.chmod(0o644)
    answers = {"texts": TEXTS, "embeddings": encoder.encode(TEXTS).tolist()}
    text = json.dumps(answers, ensure_ascii=False, indent=1) + "\n"
    (FOLDER / "embeddings.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
