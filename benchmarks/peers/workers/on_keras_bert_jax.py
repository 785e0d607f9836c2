"""keras_bert on JAX: the backbone, and the step that Keras's `fit` compiles, on the device.

The step's state and its batch stay on the device, and nothing is fetched between steps.

Shapes: B rows, S positions, P predictions of a row.
"""

import device_jax
from answer_loop import answer
from on_keras_bert import classifier_of, task_of, weights_of
from rows import ids_of_rows, masked_positions, refuse_dtype

FIT_STEPS = 16


def begun(settings):
    """The settings with the dtype that names Keras's policy; chooses precision and attention."""
    import keras
    import tensorflow as tf

    refuse_dtype(settings, *device_jax.PRECISIONS)
    tf.config.set_visible_devices([], "GPU")  # or it would take all memory of the card
    device_jax.begin(settings)
    keras.config.disable_traceback_filtering()  # errors say their cause alone
    if settings["way"] == "flash":
        use_flash_attention()
    return settings | {"dtype": settings["dtype"].replace("tf32", "float32")}


def use_flash_attention():
    """Have the layers ask for cuDNN's attention under a mask too, where they have another.

    Raises at the first call where cuDNN refuses; Keras would log that and go on without it.
    """
    from absl import logging
    from keras import ops

    plain = ops.dot_product_attention

    def fused(query, key, value, mask=None, flash_attention=None):
        if mask is not None:  # [B, 1, T, S]: cuDNN takes no mask that is to be broadcast to T
            mask = ops.broadcast_to(mask, (len(mask), 1, query.shape[1], key.shape[1]))
        return plain(query, key, value, mask=mask, flash_attention=True)

    def again(*_):
        raise  # the exception that is to be logged

    ops.dot_product_attention, logging.exception = fused, again


def features_of(settings):
    """The inputs, int32 [B, S] each; `unmasked` for rows that are known to have no padding."""
    ids, mask = ids_of_rows(settings, "int32")
    features = {"input_word_ids": ids, "input_mask": mask, "input_type_ids": ids * 0}
    if settings["way"] == "unmasked":
        del features["input_mask"]
    return features


def forward(settings):
    """Ids to `sequence_output`."""
    import jax

    settings = begun(settings)
    from keras_bert.models.backbone import BertBackbone

    policy = settings["dtype"].replace("bfloat16", "mixed_bfloat16")
    backbone = BertBackbone.from_preset(weights_of(settings), dtype=policy)
    features = jax.device_put(features_of(settings))
    trained, others, _, _ = state_of(backbone)

    @jax.jit
    def run(trained, others, features):
        outputs, _ = backbone.stateless_call(trained, others, features, training=False)
        return outputs["sequence_output"]

    return lambda: run(trained, others, features)


def state_of(model):
    """What a stateless step of Keras's trainer takes and gives back, as arrays."""
    optimizer = getattr(model, "optimizer", None)
    return tuple(
        [variable.value for variable in variables]
        for variables in (
            model.trainable_variables,
            model.non_trainable_variables,
            optimizer.variables if optimizer else [],
            model.metrics_variables,
        )
    )


def steps_of(task, *data):
    """A step of the trainer: the first one by `train_on_batch`, which compiles it."""
    import jax

    from keras_bert.training.optimizer import build_optimizer

    build_optimizer(task)
    data, state = jax.device_put(data), None

    def run():
        nonlocal state
        if state is None:
            loss = task.train_on_batch(*data)
            state = state_of(task)
            return loss
        logs, state = task.train_function(state, iter([data]))
        return logs["loss"]

    return run


def train(settings):
    """A step of the classifier of two labels, or `fit`; the mean loss so far."""
    import numpy as np

    settings = begun(settings)
    task, features = classifier_of(settings), features_of(settings)
    labels = np.arange(settings["batch"]) % 2
    if settings["way"] != "fit":
        return steps_of(task, features, labels, np.ones(len(labels), "float32"))
    many = {name: np.tile(values, (FIT_STEPS, 1)) for name, values in features.items()}
    labels = np.tile(labels, FIT_STEPS)

    def run():
        history = task.fit(many, labels, batch_size=settings["batch"], verbose=0)
        return np.float32(history.history["loss"][-1])

    run.steps = FIT_STEPS
    return run


def masked_lm(settings):
    """A step of the masked language model on gathered positions; the mean loss so far."""
    import numpy as np

    settings = begun(settings)
    from keras_bert.models.masked_lm import BertMaskedLM

    task = task_of(BertMaskedLM, settings, max_predictions_per_seq=settings["predictions"])
    task.compile_for(100_000, weighted_metrics=[])
    features, positions = features_of(settings), masked_positions(settings)
    words = np.take_along_axis(features["input_word_ids"], positions, axis=1)  # [B, P]
    features["masked_lm_positions"] = positions
    return steps_of(task, features, words, np.ones(words.shape, "float32"))


if __name__ == "__main__":
    jobs = {"gpu_forward": forward, "gpu_train": train, "gpu_masked_lm": masked_lm}
    answer(jobs, ("keras-bert-text", "keras", "jax"), device_jax)
