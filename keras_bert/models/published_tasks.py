"""Which task a checkpoint holds that was fine-tuned elsewhere.

Hugging Face's configuration declares an architecture; Google's and the Model Garden's files
declare nothing, and their heads do not tell one task from another.
"""

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.models.sequence_task import is_regression

# Architecture of transformers -> our task; sequence classification is looked into.
_TASKS = {
    "BertForMaskedLM": "BertMaskedLM",
    "BertForMultipleChoice": "BertMultipleChoice",
    "BertForPreTraining": "BertPretrainer",
    "BertForQuestionAnswering": "BertQuestionAnswerer",
    "BertForSequenceClassification": "BertClassifier",
    "BertForTokenClassification": "BertTokenClassifier",
}


def published_task(checkpoint: Checkpoint) -> str | None:
    """The name of the task class for a checkpoint of Hugging Face.

    Args:
        checkpoint: `architectures` and `problem_type` of its metadata are read.

    Returns:
        A class of `keras_bert.models`; None if nothing is declared, or an encoder alone.
    """
    declared = checkpoint.metadata.get("architectures") or ()
    name = next((_TASKS[each] for each in declared if each in _TASKS), None)
    if name == "BertClassifier" and is_regression(checkpoint):
        return "BertRegressor"
    return name
