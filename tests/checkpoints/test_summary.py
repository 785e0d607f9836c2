import json

from keras_bert.checkpoints.summary import describe, summarise


def test_numbers_add_up(make_checkpoint):
    checkpoint = make_checkpoint("mlm", "classifier", labels=["a", "b"])
    facts = json.loads(json.dumps(summarise(checkpoint)))
    total = sum(array.size for array in checkpoint.arrays.values())
    assert facts["parameters"]["total"] == total
    assert facts["parameters"]["bytes"] == 4 * total
    assert sum(facts["parameters"]["by_part"].values()) == total
    assert facts["parameters"]["by_part"]["pooler"] == 14 * 14 + 14
    assert facts["heads"] == ["mlm", "classifier"]
    assert facts["labels"] == ["a", "b"]
    assert facts["vocabulary"] == {"size": 10, "lowercase": True}
    assert facts["config"] == checkpoint.config.to_dict()
    assert {a["name"]: tuple(a["shape"]) for a in facts["arrays"]} == {
        name: array.shape for name, array in checkpoint.arrays.items()
    }


def test_no_vocabulary_is_none(make_checkpoint):
    assert summarise(make_checkpoint(vocabulary=None))["vocabulary"] is None


def test_the_text_shows_each_kind_of_array_once(make_checkpoint):
    text = describe(make_checkpoint("nsp", labels=["a", "b"], lowercase=False))
    lines = [line.split() for line in text.splitlines()]
    assert ["vocabulary", "10", "word", "pieces,", "cased"] in lines
    assert ["labels", "a,", "b"] in lines
    assert ["heads", "nsp"] in lines
    assert ["hidden_size", "14"] in lines
    name = "bert/encoder/layer_{i}/intermediate/dense/kernel"
    assert [name, "[14,", "17]", "×", "3"] in lines
    assert ["cls/seq_relationship/output_weights", "[2,", "14]"] in lines
    assert text.count("intermediate/dense/kernel") == 1


def test_the_text_of_a_checkpoint_with_little_in_it(make_checkpoint):
    text = describe(make_checkpoint(vocabulary=None, pooler=False, num_hidden_layers=1))
    assert "none" in text
    assert "×" not in text
    assert "pooler" not in text
