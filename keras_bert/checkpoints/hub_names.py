"""What the variables of a BERT encoder module are called on TF Hub and Kaggle.

Tools that take weights out of such a module find them by these names. The order is that
of the module's `trainable_variables`.

Source: the variables of modules that tf-models-official's `export_tfhub` writes.
"""

from keras_bert.config import BertConfig

_EMBEDDINGS = {
    "bert/embeddings/word_embeddings": "word_embeddings/embeddings",
    "bert/embeddings/position_embeddings": "position_embedding/embeddings",
    "bert/embeddings/token_type_embeddings": "type_embeddings/embeddings",
    "bert/embeddings/LayerNorm/gamma": "embeddings/layer_norm/gamma",
    "bert/embeddings/LayerNorm/beta": "embeddings/layer_norm/beta",
}
# Scopes within a layer, and what each holds.
_DENSE, _NORM = ("kernel", "bias"), ("gamma", "beta")
_LAYER = (
    ("attention/self/query", "self_attention/query", _DENSE),
    ("attention/self/key", "self_attention/key", _DENSE),
    ("attention/self/value", "self_attention/value", _DENSE),
    ("attention/output/dense", "self_attention/attention_output", _DENSE),
    ("attention/output/LayerNorm", "self_attention_layer_norm", _NORM),
    ("intermediate/dense", "intermediate", _DENSE),
    ("output/dense", "output", _DENSE),
    ("output/LayerNorm", "output_layer_norm", _NORM),
)
_POOLER = {f"bert/pooler/dense/{kind}": f"pooler_transform/{kind}" for kind in _DENSE}
_MASKED_LM = {
    "cls/predictions/output_bias": "bert/cls/predictions/output_bias/bias",
    **{
        f"cls/predictions/transform/{name}": f"bert/cls/predictions/transform/{name}"
        for name in ("dense/kernel", "dense/bias", "LayerNorm/gamma", "LayerNorm/beta")
    },
}


def hub_names(config: BertConfig, masked_lm: bool = False) -> dict[str, str]:
    """The module's name of each variable, by Google's TF1 name, in the module's order.

    Args:
        config: says how many layers there are.
        masked_lm: whether those of the masked language model's head follow.
    """
    return hub_names_of(config.num_hidden_layers, masked_lm)


def hub_names_of(num_layers: int, masked_lm: bool = False) -> dict[str, str]:
    """The same for a number of encoder layers."""
    names = dict(_EMBEDDINGS)
    for i in range(num_layers):
        for google, hub, kinds in _LAYER:
            for kind in kinds:
                name = f"bert/encoder/layer_{i}/{google}/{kind}"
                names[name] = f"transformer/layer_{i}/{hub}/{kind}"
    return names | _POOLER | (_MASKED_LM if masked_lm else {})
