"""Memory and time of the masked language model's loss, whole and in chunks.

    python benchmarks/masked_lm_loss.py

The loss and its gradients, from the vectors at masked positions to the table of words, for
several numbers of predictions a batch; each case in a process of its own, whose peak of
memory is its own too. Prints a Markdown table: peak memory beyond that of a case of a few
predictions, and processor time a step.

Shapes: N predictions, H hidden size, V vocabulary.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

H, V, STEPS = 256, 30522, 5


def measure(predictions: int, chunk: int | None) -> dict[str, float]:
    """Peak memory of this process in MB and processor seconds a step."""
    import numpy as np
    import tensorflow as tf
    from keras import ops

    from keras_bert.layers.chunked_crossentropy import chunked_crossentropy

    random = np.random.default_rng(1)
    vectors = tf.constant(random.normal(size=(predictions, H)), tf.float32)
    table = tf.Variable(random.normal(size=(V, H)).astype("float32") * 0.02)
    bias = tf.Variable(tf.zeros(V))
    labels = tf.constant(random.integers(0, V, predictions), tf.int32)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            if chunk is None:
                logits = tf.matmul(vectors, table, transpose_b=True) + bias
                losses = ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)
            else:
                losses, _ = chunked_crossentropy(
                    vectors, tf.identity(table), tf.identity(bias), labels, chunk
                )
            loss = tf.reduce_mean(losses)
        # As an optimizer would, at the end all of it is read.
        return [tf.reduce_sum(g) for g in tape.gradient(loss, [vectors, table, bias])]

    step()
    started = time.process_time()
    for _ in range(STEPS):
        step()
    seconds = (time.process_time() - started) / STEPS
    return {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "seconds": seconds}


def main() -> None:
    """Runs every case and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", nargs=2, metavar=("N", "CHUNK"))
    parser.add_argument("--predictions", type=int, nargs="*", default=[640, 2560, 10240])
    parser.add_argument("--chunks", type=int, nargs="*", default=[0, 64, 256, 1024])
    arguments = parser.parse_args()
    if arguments.case:
        number, chunk = map(int, arguments.case)
        print(json.dumps(measure(number, chunk or None)))
        return
    least = case(8, 0)["peak"]
    print("| predictions | logits at a time | peak memory | processor time |\n|---|---|---|---|")
    for number in arguments.predictions:
        for chunk in arguments.chunks:
            if chunk < number:
                found = case(number, chunk)
                memory = f"{found['peak'] - least:,.0f} MB"
                print(f"| {number:,} | {chunk or 'all'} | {memory} | {found['seconds']:.2f} s |")


def case(number: int, chunk: int) -> dict[str, float]:
    """One case in a new process; 0 for no chunks."""
    command = [sys.executable, __file__, "--case", str(number), str(chunk)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    main()
