"""Cross-entropy over a large vocabulary without all logits at once.

    l_i = log Σ_v exp(x_i · E_v + c_v) - (x_i · E_y + c_y)

for N vectors x and labels y. The N vectors go through in chunks of C, so that [C, V] logits
exist at a time and not [N, V]; the gradient computes them once more,

    ∂l_i/∂x_i = Σ_v (p_v - 1[v = y]) E_v        with p the softmax of the logits

which costs one product more than keeping them would.

Source: Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost" (recomputation),
https://arxiv.org/abs/1604.06174

Shapes: N predictions, C of a chunk, K chunks, H hidden size, V vocabulary.
"""

import keras
from keras import ops


def chunked_crossentropy(vectors, table, bias, labels, chunk_size):
    """Return the loss of each prediction, and whether the best word is the right one.

    Args:
        vectors: Float tensor [N, H].
        table: Float tensor [V, H].
        bias: Float tensor [V].
        labels: Integer tensor [N], values in [0, V).
        chunk_size: C, a Python int.

    Returns:
        Losses, float32 [N], with gradients to `vectors`, `table` and `bias`; and 1.0 or
        0.0 each, float32 [N], without.
    """
    count = ops.shape(vectors)[0]
    chunks = (count + chunk_size - 1) // chunk_size  # K
    padded = chunks * chunk_size
    labels = _padded(ops.cast(labels, "int32"), padded - count)

    @keras.ops.custom_gradient
    def forward(vectors, table, bias):
        rows = _padded(vectors, padded - count)  # [K C, H]

        def step(i, found):
            losses, right, sums = found
            start = (_after(i * chunk_size, sums[0]),)
            chosen = ops.slice(labels, start, (chunk_size,))  # [C]
            logits = _logits(rows, table, bias, start[0], chunk_size)  # [C, V]
            total = ops.logsumexp(logits, axis=-1)  # [C]
            picked = ops.take_along_axis(logits, chosen[:, None], axis=-1)[:, 0]
            best = ops.cast(ops.argmax(logits, axis=-1), "int32")
            hits = ops.cast(ops.equal(best, chosen), "float32")
            return (
                ops.slice_update(losses, start, total - picked),
                ops.slice_update(right, start, hits),
                ops.slice_update(sums, start, total),
            )

        empty = ops.zeros((padded,), "float32")
        losses, right, sums = ops.fori_loop(0, chunks, step, (empty, empty, empty))

        def gradients(*arguments, upstream=None):
            given = arguments if upstream is None else upstream  # of both results
            upstream = keras.tree.flatten(given)[0]  # [N]
            weights = _padded(ops.cast(upstream, "float32"), padded - count)

            def back(i, found):
                to_rows, to_table, to_bias = found
                done = to_rows[0, 0] + ops.cast(to_table[0, 0] + to_bias[0], to_rows.dtype)
                start = (_after(i * chunk_size, done),)
                logits = _logits(rows, table, bias, start[0], chunk_size)
                shares = ops.exp(logits - ops.slice(sums, start, (chunk_size,))[:, None])
                chosen = ops.slice(labels, start, (chunk_size,))
                shares -= ops.one_hot(chosen, table.shape[0], dtype="float32")
                shares *= ops.slice(weights, start, (chunk_size,))[:, None]  # [C, V]
                narrow = ops.cast(shares, vectors.dtype)
                inputs = ops.slice(rows, (*start, 0), (chunk_size, vectors.shape[1]))
                products = ops.matmul(ops.transpose(narrow), inputs)
                return (
                    ops.slice_update(to_rows, (*start, 0), ops.matmul(narrow, table)),
                    to_table + ops.cast(products, "float32"),
                    to_bias + ops.sum(shares, axis=0),
                )

            none = (
                ops.zeros_like(rows),
                ops.zeros(table.shape, "float32"),
                ops.zeros(bias.shape, "float32"),
            )
            to_rows, to_table, to_bias = ops.fori_loop(0, chunks, back, none)
            return (
                to_rows[:count],
                ops.cast(to_table, table.dtype),
                ops.cast(to_bias, bias.dtype),
            )

        return (losses[:count], right[:count]), gradients

    return forward(vectors, table, bias)


def _after(start, done):
    """Return `start`, once the scalar `done` of the chunk before is known.

    TensorFlow would compute the logits of ten chunks at once.
    """
    return start + ops.cast(ops.greater(done, float("inf")), "int32")


def _logits(rows, table, bias, start, size):
    inputs = ops.slice(rows, (start, 0), (size, rows.shape[1]))  # [C, H]
    products = ops.matmul(inputs, ops.transpose(table))
    return ops.cast(products, "float32") + ops.cast(bias, "float32")  # [C, V]


def _padded(values, rows):
    widths = ((0, rows), *((0, 0) for _ in values.shape[1:]))
    return ops.pad(values, widths)
