"""Records pretraining data that tf-models-official made, and what it reads in ours.

Run with tf-models-official and this package's requirements, from the repository's root:
    PYTHONPATH=.:tests python tests/golden/record_pretraining_records.py
It writes beside this file, in `pretraining_records/`, from the corpus of
`tests/pretraining_corpus.py`: `google.tfrecord` and `tf_models.tfrecord.gz` by the Model
Garden's script under its two namings, `ours.tfrecord` by this package, and what the Garden's
own reader finds in each of the three: `google.npz`, `tf_models.npz`, `ours.npz`.
Recorded with tf-models-official 2.20.0, tensorflow 2.20.0.
"""

import pathlib
import random
import sys
import tempfile

import numpy as np
import pretraining_corpus
from official.nlp.data import create_pretraining_data as garden
from official.nlp.data import pretrain_dataloader
from official.nlp.tools import tokenization

from keras_bert.data.pretraining_data import make_pretraining_data
from keras_bert.data.pretraining_settings import PretrainingSettings

FOLDER = pathlib.Path(__file__).parent / "pretraining_records"
LENGTH, PREDICTIONS, DOCUMENTS = 23, 4, 5


def garden_records(corpus, vocabulary, path, **options):
    """What `create_pretraining_data.py` does, with few and short rows."""
    garden.FLAGS([sys.argv[0]])
    tokenizer = tokenization.FullTokenizer(str(vocabulary), do_lower_case=True)
    instances = garden.create_training_instances(
        [str(corpus)],
        tokenizer,
        garden.get_processor_text_fn(False, True),
        LENGTH,
        1,
        0.1,
        0.15,
        PREDICTIONS,
        random.Random(3),
    )
    garden.write_instance_to_example_files(
        instances, tokenizer, LENGTH, PREDICTIONS, [str(path)], **options
    )


def garden_reads(path, v2_names):
    """All records of a file, by the Model Garden's reader, in their order."""
    import tensorflow as tf

    config = pretrain_dataloader.BertPretrainDataConfig(
        input_path=str(path),
        seq_length=LENGTH,
        max_predictions_per_seq=PREDICTIONS,
        global_batch_size=1,
        is_training=False,
        use_v2_feature_names=v2_names,
    )
    loader = pretrain_dataloader.BertPretrainDataLoader(config)
    compression = "GZIP" if str(path).endswith(".gz") else ""
    records = [
        loader._parse(loader._decode(record))
        for record in tf.data.TFRecordDataset(str(path), compression)
    ]
    if not compression:  # its pipeline as a whole reads plain files alone
        assert len(records) == sum(len(batch["input_mask"]) for batch in loader.load())
    return {name: np.stack([record[name] for record in records]) for name in records[0]}


def main():
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        place = pathlib.Path(temporary)
        documents = pretraining_corpus.make_documents(DOCUMENTS)
        corpus = pretraining_corpus.write_corpus(place / "corpus.txt", documents)
        pretraining_corpus.VOCABULARY.save(place / "vocab.txt")
        vocabulary = place / "vocab.txt"
        plain, v2 = FOLDER / "google.tfrecord", FOLDER / "tf_models.tfrecord.gz"
        garden_records(corpus, vocabulary, plain, gzip_compress=False, use_v2_feature_names=False)
        garden_records(corpus, vocabulary, v2, gzip_compress=True, use_v2_feature_names=True)
        settings = PretrainingSettings(
            sequence_length=LENGTH, max_predictions_per_seq=PREDICTIONS, dupe_factor=1, seed=3
        )
        tokenizer = pretraining_corpus.make_tokenizer()
        make_pretraining_data([corpus], tokenizer, settings, place / "data")
        ours = (place / "data" / "pretraining-00000.tfrecord").read_bytes()
        (FOLDER / "ours.tfrecord").write_bytes(ours)
    for path, v2_names in ((plain, False), (v2, True), (FOLDER / "ours.tfrecord", False)):
        name = path.name.split(".")[0]
        np.savez_compressed(FOLDER / f"{name}.npz", **garden_reads(path, v2_names))


if __name__ == "__main__":
    main()
