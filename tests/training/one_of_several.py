"""One of two processes that train together, as a script: BACKEND INDEX PORT FOLDER [kill].

It writes the losses of its steps to FOLDER/losses-INDEX.json and its state to FOLDER/state.
With `kill`, process 1 kills itself after its fifth step.
"""

import json
import os
import pathlib
import signal
import sys

STEPS, EPOCHS, BATCH = 3, 3, 8


def main(backend, index, port, folder, *kill):
    index, port, folder = int(index), int(port), pathlib.Path(folder)
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["KERAS_BACKEND"] = backend
    if backend == "tensorflow":
        workers = [f"localhost:{port}", f"localhost:{port + 1}"]
        job = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        os.environ["TF_CONFIG"] = json.dumps(job)
    else:
        os.environ["JAX_PLATFORMS"] = "cpu"
    with scope(backend, index, port):
        losses = train(folder, bool(kill) and index == 1)
    (folder / f"losses-{index}.json").write_text(json.dumps(losses))


def scope(backend, index, port):
    if backend == "tensorflow":
        from keras_bert.training.strategies import strategy_scope

        return strategy_scope("multi-worker")
    from keras_bert.training.parallel_layouts import data_parallel
    from keras_bert.training.processes import connect_processes

    connect_processes(f"localhost:{port}", 2, index, timeout=60)
    return data_parallel().scope()


def train(folder, kill):
    import keras
    import tensorflow as tf
    from parallel_steps import StepLosses, features, task

    from keras_bert.training.resume import ResumableTraining

    class Kill(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.steps = getattr(self, "steps", 0) + 1
            if kill and self.steps == 5:
                os.kill(os.getpid(), signal.SIGKILL)

    (folder / "state").mkdir(exist_ok=True)
    seen, made = StepLosses(), task()
    batches = tf.data.Dataset.from_tensor_slices(features(BATCH * STEPS)).batch(
        BATCH, drop_remainder=True
    )
    state = ResumableTraining(folder / "state", 1, callbacks=[seen])
    made.fit(batches, epochs=EPOCHS, verbose=0, callbacks=[seen, Kill(), state])
    return seen.losses


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    main(*sys.argv[1:])
