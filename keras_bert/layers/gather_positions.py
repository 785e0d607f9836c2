"""The vectors at chosen positions of each row.

Shapes: B batch, S sequence length, H hidden size, P chosen positions.
"""

from keras import ops

from keras_bert.layers.checks import check_ids, check_rank


def take_positions(vectors, name, positions):
    """Return the vectors [B, P, H] at some positions of [B, S, H].

    Args:
        vectors: Float tensor [B, S, H].
        name: What messages call the positions.
        positions: Integer tensor [B, P], values in [0, S). In a compiled call a
            position outside of the sequence gives a zero vector.

    Raises:
        ValueError: Positions of another rank, of a float dtype or (in an eager call)
            outside of the sequence.
    """
    check_rank(name, positions.shape, 2)
    length = vectors.shape[1] or ops.shape(vectors)[1]
    check_ids(name, positions, length)
    # A product, because its gradient is one too: faster than scattering rows.
    chosen = ops.one_hot(positions, length, dtype=vectors.dtype)  # [B, P, S]
    return ops.matmul(chosen, vectors)
