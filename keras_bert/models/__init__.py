"""Models made from a `BertConfig`: the encoder, and tasks on top of it."""

from keras_bert.models.backbone import BertBackbone as BertBackbone
