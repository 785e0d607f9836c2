"""sentence-transformers: `encode`, which sorts by length, of the same weights."""

import pathlib

from answer_loop import answer
from rows import given_texts, refuse_dtype


def texts(settings):
    """`encode` of all texts, mean pooling, unit length."""
    import torch
    from sentence_transformers import SentenceTransformer

    refuse_dtype(settings, "float32", "bfloat16")
    torch.set_num_threads(settings["threads"])
    model = SentenceTransformer(
        str(pathlib.Path(settings["folder"]) / "weights"),
        device="cpu",
        model_kwargs={"dtype": settings["dtype"]},
    )
    model.max_seq_length = settings["length"]
    given = given_texts(settings)

    def run():
        vectors = model.encode(
            given,
            batch_size=settings["batch"],
            normalize_embeddings=True,
            show_progress_bar=False,
            convert_to_tensor=True,
        )
        return vectors.float().numpy()

    return run


if __name__ == "__main__":
    answer({"texts": texts}, ("sentence-transformers", "transformers", "torch"))
