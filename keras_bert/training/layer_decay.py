"""Layer-wise learning-rate decay: the lower a layer, the less it is changed.

Lower layers hold what is general; fine-tuning on little data keeps it with smaller
steps there. Source: Howard and Ruder 2018 (ULMFiT), section 3.2; Sun et al. 2019,
"How to Fine-Tune BERT for Text Classification?", section 5.3.4.
"""

from typing import Any


def layer_multipliers(model: Any, decay: float) -> dict[str, float]:
    """A factor on the learning rate for each variable of a model.

    With L encoder blocks: heads and pooler 1, the block i (from 0) `decay ** (L - i)`,
    the embeddings `decay ** (L + 1)`.

    Args:
        model: a `BertBackbone`, or a model that has one as `model.backbone`.
        decay: above 0 and up to 1; 0.9 to 0.95 is usual.

    Returns:
        From each `variable.path` of the model to its factor.

    Raises:
        ValueError: for a decay out of range, a model without a backbone, and for
            variables of unlike depth that share a path.
    """
    if not 0.0 < decay <= 1.0:
        raise ValueError(f"expected a decay above 0 and up to 1; received {decay}")
    backbone = getattr(model, "backbone", model)
    if not hasattr(backbone, "encoder_blocks"):
        raise ValueError(
            "expected a backbone, or a model with the attribute backbone; received "
            f"{type(model).__name__}"
        )
    layers = [backbone.embeddings, *backbone.encoder_blocks]  # from the bottom up
    below = {
        id(variable): decay ** (len(layers) - depth)
        for depth, layer in enumerate(layers)
        for variable in layer.variables
    }
    multipliers: dict[str, float] = {}
    for variable in model.trainable_variables:
        factor = below.get(id(variable), 1.0)
        if multipliers.setdefault(variable.path, factor) != factor:
            raise ValueError(
                f"expected variables of unlike depth to have paths of their own; received two "
                f"named {variable.path!r}: name their layers apart"
            )
    return multipliers
