"""Keras layers of BERT, in `keras.ops` alone; each is usable by itself.

`HubLayer`, which holds a module of TF Hub, is the one that needs TensorFlow.
"""

# First, so that the root's registration does not find these modules half imported.
import keras  # noqa: F401

from keras_bert.layers.attention import BertAttention as BertAttention
from keras_bert.layers.dropout import ReplayableDropout as ReplayableDropout
from keras_bert.layers.embeddings import BertEmbeddings as BertEmbeddings
from keras_bert.layers.hub_layer import HubLayer as HubLayer
from keras_bert.layers.masked_lm_head import MaskedLMHead as MaskedLMHead
from keras_bert.layers.normalization import (
    Float32LayerNormalization as Float32LayerNormalization,
)
from keras_bert.layers.packed_rows import PackedAttentionMask as PackedAttentionMask
from keras_bert.layers.packed_rows import PackedPositions as PackedPositions
from keras_bert.layers.poolers import FirstTokenPooler as FirstTokenPooler
from keras_bert.layers.poolers import MaxPooler as MaxPooler
from keras_bert.layers.poolers import MeanPooler as MeanPooler
from keras_bert.layers.transformer_block import TransformerEncoderBlock as TransformerEncoderBlock
