import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.data import FeatureBatches, PackedFeatures
from keras_bert.models.untuned_data import as_untuned, untuned


def batches_of(lengths, **options):
    lengths = np.asarray(lengths)
    mask = (np.arange(lengths.max()) < lengths[:, None]).astype("int32")
    features = {
        "input_word_ids": mask * np.arange(1, len(lengths) + 1, dtype="int32")[:, None],
        "input_mask": mask,
        "input_type_ids": mask * 0,
    }
    packed = PackedFeatures.from_padded(features)
    return FeatureBatches(packed, np.arange(len(lengths)) * 3, batch_size=5, **options)


VARIED = [3, 11, 7, 5, 5, 2, 13, 4, 9, 6, 3, 11, 8]


@pytest.mark.parametrize("options", [{}, {"shuffle": True, "seed": 2}, {"fixed_length": 17}])
def test_the_same_batches_without_a_tuning_thread(options):
    batches = batches_of(VARIED, **options)
    for epoch in (0, 3):
        batches.epoch = epoch
        dataset = as_untuned(batches)
        assert not dataset.options().autotune.enabled
        assert int(dataset.cardinality()) == len(batches) == 3
        for served, own in zip(dataset, batches, strict=True):
            tf.nest.assert_same_structure(served, own)
            keras.tree.map_structure(np.testing.assert_array_equal, served, own)


def test_shapes_are_fixed_where_all_batches_have_them():
    def length(batches):
        return as_untuned(batches).element_spec[0]["input_mask"].shape.as_list()

    assert length(batches_of(VARIED)) == [None, None]
    assert length(batches_of(VARIED, fixed_length=17)) == [None, 17]
    assert length(batches_of([7, 7])) == [None, 7]


def test_other_data_are_left_alone():
    arrays, dataset = {"input_mask": np.ones((2, 3))}, tf.data.Dataset.range(3)
    assert as_untuned(arrays) is arrays and as_untuned(dataset) is dataset
    assert as_untuned(None) is None
    threaded = batches_of(VARIED, workers=2)
    assert as_untuned(threaded) is threaded
    assert list(untuned(dataset).as_numpy_iterator()) == [0, 1, 2]
