"""Records what two outside implementations of BERT's optimizer compute.

    python tests/golden/record_optimizers.py google PATH_TO_GOOGLES_OPTIMIZATION_PY
    python tests/golden/record_optimizers.py official    # needs tf-models-official
    python tests/golden/record_optimizers.py lamb        # so does this

`google` runs `optimization.py` of google-research/bert unchanged, as a TF1 graph (clipping,
schedule and all); `official` the optimizer of tf-models-official 2.20, which corrects the
bias, and `lamb` its LAMB, which clips nothing. Each gives the weights after every step, in
`tests/golden/optimizers/NAME.json`, for the weights and gradients that `problem()` makes.
"""

import importlib.util
import json
import pathlib
import sys

import numpy as np

FOLDER = pathlib.Path(__file__).parent / "optimizers"
# Named as Google names them; its exclusions look for LayerNorm and bias.
SHAPES = {
    "embeddings/word_embeddings": (7, 3),
    "layer/kernel": (3, 5),
    "layer/bias": (5,),
    "LayerNorm/gamma": (5,),
    "LayerNorm/beta": (5,),
}
STEPS, WARMUP, RATE = 8, 3, 0.05


def problem():
    """Weights, and gradients for every step: some clipped, some not, some all zero."""
    random = np.random.default_rng(11)
    weights = {name: random.normal(size=shape) for name, shape in SHAPES.items()}
    gradients = [
        {name: random.normal(size=shape) * scale for name, shape in SHAPES.items()}
        for scale in (0.01, 3.0, 0.2, 0.0, 0.05, 1.0, 1e-4, 0.3)
    ]
    return weights, gradients


def google(path):
    """The weights after each step by Google's graph."""
    import tensorflow.compat.v1 as tf

    sys.modules["tensorflow"] = tf
    spec = importlib.util.spec_from_file_location("optimization", path)
    optimization = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(optimization)
    weights, gradients = problem()
    with tf.Graph().as_default(), tf.Session() as session:
        variables = {n: tf.get_variable(n, initializer=np.float32(w)) for n, w in weights.items()}
        fed = {name: tf.placeholder(tf.float32, shape) for name, shape in SHAPES.items()}
        loss = tf.add_n([tf.reduce_sum(fed[name] * variables[name]) for name in SHAPES])
        train = optimization.create_optimizer(loss, RATE, STEPS, WARMUP, use_tpu=False)
        session.run(tf.global_variables_initializer())
        for step in gradients:
            session.run(train, {fed[name]: step[name] for name in SHAPES})
            yield session.run(variables)


def lamb():
    """The weights after each step by the LAMB of tf-models-official."""
    return official("lamb")


def official(kind="adamw"):
    """The weights after each step by tf-models-official."""
    import tensorflow as tf
    from official.nlp import optimization

    weights, gradients = problem()
    variables = {n: tf.Variable(np.float32(w), name=n) for n, w in weights.items()}
    optimizer = optimization.create_optimizer(RATE, STEPS, WARMUP, optimizer_type=kind)
    for step in gradients:
        optimizer.apply_gradients(
            [(tf.constant(step[name], tf.float32), variables[name]) for name in SHAPES]
        )
        yield {name: variable.numpy() for name, variable in variables.items()}


def main():
    name, *arguments = sys.argv[1:]
    steps = {"google": google, "official": official, "lamb": lamb}[name](*arguments)
    recorded = [{n: w.tolist() for n, w in step.items()} for step in steps]
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(recorded) + "\n")


if __name__ == "__main__":
    main()
