import pytest


@pytest.fixture(scope="session")
def letters_model(tmp_path_factory):
    """A SavedModel of no package: lengths of texts; it refuses the text "poison"."""
    import tensorflow as tf

    def on(names, dtypes, ranks=(1, 1)):
        return [
            tf.TensorSpec([None] * rank, dtype, name)
            for name, dtype, rank in zip(names, dtypes, ranks, strict=False)
        ]

    @tf.function(input_signature=on(["text"], [tf.string]))
    def letters(text):
        refused = tf.reduce_any(text == "poison")
        with tf.control_dependencies([tf.debugging.Assert(~refused, ["no poison"])]):
            return {
                "letters": tf.strings.length(text, unit="UTF8_CHAR"),
                "echo": tf.strings.join([text, "!"]),
                # 3 for a batch of three, which tells how batches were made
                "batch": tf.fill(tf.shape(text), tf.shape(text)[0]),
            }

    @tf.function(input_signature=on(["question", "number"], [tf.string, tf.int32]))
    def asked(question, number):
        return {"sum": tf.strings.length(question) + number}

    @tf.function(input_signature=on(["text", "text_pair"], [tf.string, tf.string]))
    def pairs(text, text_pair):
        return {"same": text == text_pair}

    @tf.function(input_signature=on(["choices"], [tf.string], [2]))
    def choices(choices):
        return {"first": choices[:, 0]}

    @tf.function(input_signature=on(["text"], [tf.string]))
    def total(text):
        return {"sum": tf.reduce_sum(tf.strings.length(text))[None]}

    folder = tmp_path_factory.mktemp("letters") / "1"
    signatures = {"serving_default": letters, "asked": asked, "pairs": pairs}
    signatures |= {"choices": choices, "total": total}
    tf.saved_model.save(tf.Module(), str(folder), signatures=signatures)
    return str(folder)
