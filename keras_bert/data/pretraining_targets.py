"""Pretraining's features, as data sets keep them, parted into inputs and targets.

The names are those of google-research/bert `create_pretraining_data.py`.

Shapes: B rows, S positions, P predictions a row.
"""

from collections.abc import Mapping
from typing import Any


def split_targets(features: Mapping[str, Any], next_sentence: bool) -> tuple:
    """Takes the targets of pretraining out of features, as Keras wants to have them.

    Args:
        features: the inputs of the model with `masked_lm_ids` and `masked_lm_weights`
            [B, P], and `next_sentence_labels` [B] or [B, 1] for `next_sentence`.
        next_sentence: whether that is a target too.

    Returns:
        `(inputs, y, sample_weight)`: ids and weights themselves, or for `next_sentence`
        dicts of `mlm_logits` and `nsp_logits`.

    Raises:
        ValueError: targets are missing.
    """
    targets = ["masked_lm_positions", "masked_lm_ids", "masked_lm_weights"]
    targets += ["next_sentence_labels"] * next_sentence
    missing = [name for name in targets if name not in features]
    if missing:
        raise ValueError(
            f"expected features with {', '.join(targets)}; received none of {', '.join(missing)}"
        )
    inputs = {name: value for name, value in features.items() if name not in targets[1:]}
    ids, weights = features["masked_lm_ids"], features["masked_lm_weights"]
    if not next_sentence:
        inputs.pop("next_sentence_labels", None)
        return inputs, ids, weights
    labels = features["next_sentence_labels"]
    labels = labels[:, 0] if len(labels.shape) == 2 else labels
    every = weights[:, 0] * 0 + 1  # [B] ones, in whatever kind of array the weights are
    return (
        inputs,
        {"mlm_logits": ids, "nsp_logits": labels},
        {"mlm_logits": weights, "nsp_logits": every},
    )
