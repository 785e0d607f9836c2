"""Training: schedule, optimizer, layer-wise decay, resuming, scores.

The classes register themselves for `keras.models.load_model` when this is imported.
"""

# First of all: importing Keras makes the root import every part, which may not happen
# while a module of this part is half imported.
import keras  # noqa: F401

from keras_bert.training.counted_crossentropy import CountedCrossentropy
from keras_bert.training.embedding_losses import (
    ContrastiveLoss,
    CosineScoreLoss,
    InBatchNegativesLoss,
    TripletLoss,
)
from keras_bert.training.lamb import BertLAMB
from keras_bert.training.layer_decay import layer_multipliers
from keras_bert.training.metrics import classification_scores, regression_scores
from keras_bert.training.optimizer import BertAdamW, create_optimizer
from keras_bert.training.pretraining_recipe import PretrainingRecipe
from keras_bert.training.resume import ResumableTraining, fit_callbacks
from keras_bert.training.schedule import LinearWarmupDecay, PolynomialWarmupDecay

__all__ = [
    "BertAdamW",
    "BertLAMB",
    "ContrastiveLoss",
    "CosineScoreLoss",
    "CountedCrossentropy",
    "InBatchNegativesLoss",
    "LinearWarmupDecay",
    "PolynomialWarmupDecay",
    "PretrainingRecipe",
    "ResumableTraining",
    "TripletLoss",
    "classification_scores",
    "create_optimizer",
    "fit_callbacks",
    "layer_multipliers",
    "regression_scores",
]
