import keras
import pytest

from keras_bert.config import BertConfig
from keras_bert.models.backbone import BertBackbone
from keras_bert.training.layer_decay import layer_multipliers
from keras_bert.training.optimizer import create_optimizer

CONFIG = BertConfig(
    vocab_size=13,
    hidden_size=6,
    num_hidden_layers=3,
    num_attention_heads=2,
    intermediate_size=7,
    max_position_embeddings=11,
)


@pytest.fixture(scope="module")
def model():
    backbone = BertBackbone(CONFIG)
    inputs = backbone.input
    outputs = keras.layers.Dense(2, name="classifier")(backbone(inputs)["pooled_output"])
    task = keras.Model(inputs, outputs)
    task.backbone = backbone
    return task


def test_each_depth_has_its_factor(model):
    factors = layer_multipliers(model, 0.5)
    assert set(factors) == {v.path for v in model.trainable_variables}
    backbone = model.backbone
    assert {factors[v.path] for v in backbone.embeddings.trainable_variables} == {0.5**4}
    for i, block in enumerate(backbone.encoder_blocks):
        assert {factors[v.path] for v in block.trainable_variables} == {0.5 ** (3 - i)}
    top = [v for v in model.trainable_variables if factors[v.path] == 1.0]
    assert {v.path for v in top} == {
        *(v.path for v in backbone.pooler.trainable_variables),
        "classifier/kernel",
        "classifier/bias",
    }


def test_a_backbone_alone_and_no_decay(model):
    backbone = model.backbone
    assert set(layer_multipliers(backbone, 0.9)) == {v.path for v in backbone.trainable_variables}
    assert set(layer_multipliers(model, 1.0).values()) == {1.0}


def test_the_optimizer_takes_them(model):
    optimizer = create_optimizer(1e-3, layer_decay=0.9, model=model)
    optimizer.build(model.trainable_variables)
    assert optimizer.learning_rate_multipliers == layer_multipliers(model, 0.9)


@pytest.mark.parametrize("decay", [0.0, 1.5, -1, float("nan")])
def test_bad_decay(model, decay):
    with pytest.raises(ValueError, match="expected a decay above 0 and up to 1; received"):
        layer_multipliers(model, decay)


def test_a_model_without_a_backbone():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="or a model with the attribute backbone; received Seq"):
        layer_multipliers(model, 0.9)


def test_one_path_at_two_depths():
    class Named(keras.layers.Layer):
        def build(self, shape=None):
            self.kernel = self.add_weight((1,), name="kernel")

    low, high = Named(name="same"), Named(name="same")
    low.build()
    high.build()

    class Stack:
        embeddings, encoder_blocks = low, [high]
        trainable_variables = (*low.trainable_variables, *high.trainable_variables)

    with pytest.raises(ValueError, match="paths of their own; received two named 'same/kernel'"):
        layer_multipliers(Stack(), 0.9)
