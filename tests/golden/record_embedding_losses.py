"""Records what sentence-transformers' losses compute from random embeddings.

Run with sentence-transformers and torch, from the repository's root:
    python tests/golden/record_embedding_losses.py
It writes `embedding_losses.npz` beside this file: embeddings [B, G, E], labels, and for
each loss its value and its gradient in the embeddings. Recorded with
sentence-transformers 6.2.0, torch 2.13.0.
"""

import pathlib

import numpy as np
import torch
from sentence_transformers.sentence_transformer import losses

RECORDS, TEXTS, SIZE = 7, 4, 5


class Embedded(torch.nn.Module):
    """Stands where a model would: gives back the embeddings that it is asked about."""

    def forward(self, features: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Returns the features themselves."""
        return features


def record(loss: torch.nn.Module, embeddings: np.ndarray, labels: np.ndarray) -> tuple:
    """The loss of some columns of texts, and its gradient."""
    tensor = torch.tensor(embeddings, requires_grad=True)
    columns = [{"sentence_embedding": tensor[:, i]} for i in range(tensor.shape[1])]
    value = loss(columns, torch.tensor(labels))
    value.backward()
    return value.detach().numpy(), tensor.grad.numpy()


def main() -> None:
    """Records every loss."""
    random = np.random.default_rng(17)
    embeddings = random.normal(size=(RECORDS, TEXTS, SIZE)).astype("float32")
    scores = random.uniform(-1, 1, RECORDS).astype("float32")
    binary = np.array([1, 0, 1, 1, 0, 0, 1], "float32")
    model = Embedded()
    cosine, euclidean = losses.TripletDistanceMetric.COSINE, losses.TripletDistanceMetric.EUCLIDEAN
    siamese = losses.SiameseDistanceMetric
    ranking = losses.MultipleNegativesRankingLoss
    both = {
        "directions": ("query_to_doc", "doc_to_query"),
        "partition_mode": "per_direction",
    }
    rows = {
        "in_batch_pairs": (ranking(model), 2, scores),
        "in_batch_hard_negatives": (ranking(model, scale=7.0), 4, scores),
        "in_batch_symmetric": (ranking(model, **both), 2, scores),
        "cosine_score": (losses.CosineSimilarityLoss(model), 2, scores),
        "triplet_cosine": (losses.TripletLoss(model, cosine, 0.5), 3, scores),
        "triplet_euclidean": (losses.TripletLoss(model, euclidean, 1.5), 3, scores),
        "contrastive_cosine": (losses.ContrastiveLoss(model), 2, binary),
        "contrastive_euclidean": (
            losses.ContrastiveLoss(model, siamese.EUCLIDEAN, margin=3.0),
            2,
            binary,
        ),
    }
    arrays = {"embeddings": embeddings, "scores": scores, "binary": binary}
    for name, (loss, count, labels) in rows.items():
        value, gradient = record(loss, embeddings[:, :count], labels)
        arrays |= {f"{name}/loss": value, f"{name}/gradient": gradient}
        print(name, value)
    np.savez_compressed(pathlib.Path(__file__).with_name("embedding_losses.npz"), **arrays)


if __name__ == "__main__":
    main()
