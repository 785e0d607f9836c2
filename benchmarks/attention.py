"""Times ways to compute BERT's self-attention, alternated, and prints a dated table.

    python benchmarks/attention.py [--rounds 15] [--layers 6] [--heads 12] [--hidden 384]

Every variant has the same weights and computes the same thing: projections, scaled
dot product with a padding mask, softmax, and the output projection, through a stack
of layers. Inference runs a batch of 32 × 128 tokens, training (with dropout and all
gradients) one of 16 × 128. Processor time counts all threads, and holds on a machine
that is busy with other things, where wall time does not. The steps are compiled with
`tf.function`, as in `fit`, and with XLA under `--jit`.
"""

import argparse
import datetime
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_bert.layers.attention import BertAttention


class DotProduct(BertAttention):
    """`ops.dot_product_attention` where no unit is dropped."""

    def _compute_attention(self, query, key, value, attention_mask=None, training=None, *_, **__):
        if training and self.dropout:
            return super()._compute_attention(query, key, value, attention_mask, training)
        mask = ops.expand_dims(attention_mask, 1)
        return ops.dot_product_attention(query, key, value, mask=mask), None


class Transposed(BertAttention):
    """Heads moved before the sequence by hand, then plain batched products."""

    def _compute_attention(self, query, key, value, attention_mask=None, training=None, *_, **__):
        query, key, value = (ops.transpose(x, (0, 2, 1, 3)) for x in (query, key, value))
        scores = ops.matmul(query * self._inverse_sqrt_key_dim, ops.transpose(key, (0, 1, 3, 2)))
        masked = ops.expand_dims(1.0 - ops.cast(attention_mask, scores.dtype), 1) * -1e30
        probabilities = self.dropout_layer(ops.softmax(scores + masked), training=training)
        return ops.transpose(ops.matmul(probabilities, value), (0, 2, 1, 3)), None


class FusedProjections(BertAttention):
    """One product for query, key and value, over kernels joined at each call."""

    def call(self, query, value, key=None, attention_mask=None, training=None, **_):
        """Attend from [B, T, H] to itself."""
        denses = (self.query_dense, self.key_dense, self.value_dense)
        kernel = ops.stack([dense.kernel for dense in denses], axis=1)  # [H, 3, N, D]
        bias = ops.concatenate([ops.expand_dims(dense.bias, 0) for dense in denses])  # [3, N, D]
        joined = ops.einsum("bsh,hpnd->pbsnd", query, kernel) + bias[:, None, None]
        attended, _ = self._compute_attention(*ops.unstack(joined, 3), attention_mask, training)
        return self.output_dense(attended)


def variants(args):
    """Return the competing layers' constructors by the name in the table."""
    sizes = {"num_heads": args.heads, "key_dim": args.hidden // args.heads}
    return {
        "keras MultiHeadAttention, dropout 0.1": lambda: keras.layers.MultiHeadAttention(
            dropout=0.1, **sizes
        ),
        "keras MultiHeadAttention, dropout 0": lambda: keras.layers.MultiHeadAttention(**sizes),
        "BertAttention (einsum), dropout 0.1": lambda: BertAttention(dropout=0.1, **sizes),
        "ops.dot_product_attention, dropout 0.1": lambda: DotProduct(dropout=0.1, **sizes),
        "transposes and matmul, dropout 0.1": lambda: Transposed(dropout=0.1, **sizes),
        "joined projections, dropout 0.1": lambda: FusedProjections(dropout=0.1, **sizes),
    }


class Stack(keras.layers.Layer):
    """The same attention several times over, each with weights of its own."""

    def __init__(self, make, layers):
        super().__init__()
        self.layers = [make() for _ in range(layers)]

    def call(self, x, mask, training=False):
        """Add each layer's attention to its input [B, S, H]."""
        for layer in self.layers:
            x = x + layer(x, x, attention_mask=mask, training=training)
        return x


def steps(stack, args):
    """Return an inference step and a training step over `stack`, built and equal in weights."""
    generator = np.random.default_rng(0)

    def batch(size):
        x = generator.normal(size=(size, 128, args.hidden)).astype("float32")
        lengths = generator.integers(32, 129, size=(size, 1))
        return tf.constant(x), tf.constant(np.arange(128)[None, None] < lengths[:, None])

    infer_batch, train_batch = batch(32), batch(16)
    stack(*infer_batch)
    weights = np.random.default_rng(1)
    for variable in stack.trainable_variables:
        variable.assign(weights.normal(0, 0.02, variable.shape))

    @tf.function(jit_compile=args.jit)
    def infer():
        return stack(*infer_batch, training=False)

    @tf.function(jit_compile=args.jit)
    def train():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(stack(*train_batch, training=True) ** 2)
        return tape.gradient(loss, stack.trainable_variables)

    return infer, train


def milliseconds(step):
    """Return the wall time and the processor time of one call of `step`."""
    wall, processor = time.perf_counter(), time.process_time()
    step()
    return 1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - processor)


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in {"rounds": 15, "layers": 6, "heads": 12, "hidden": 384}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--jit", action="store_true", help="compile the steps with XLA")
    args = parser.parse_args()
    runs = {name: steps(Stack(make, args.layers), args) for name, make in variants(args).items()}
    reference = next(iter(runs.values()))[0]()
    for name, (infer, _) in runs.items():
        np.testing.assert_allclose(infer(), reference, atol=1e-4, err_msg=name)
    times = {name: ([], []) for name in runs}
    for turn in range(args.rounds + 1):
        for name, pair in runs.items():
            for step, kept in zip(pair, times[name], strict=True):
                took = milliseconds(step)
                if turn:  # The first round traces and warms up.
                    kept.append(took)
    print(
        f"{datetime.date.today()}, {keras.backend.backend()}, "
        f"{args.layers} layers, hidden {args.hidden}, {args.heads} heads, "
        f"medians of {args.rounds} alternated rounds, milliseconds: wall (processor)\n"
    )
    print(f"| {'variant':40s} | inference 32x128 | training 16x128 |\n|---|---|---|")
    for name, pair in times.items():
        medians = [tuple(map(statistics.median, zip(*kept, strict=True))) for kept in pair]
        cells = [f"{wall:.0f} ({processor:.0f})" for wall, processor in medians]
        print(f"| {name:40s} | {cells[0]:>16s} | {cells[1]:>15s} |")


if __name__ == "__main__":
    main()
