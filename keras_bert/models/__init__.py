"""Models made from a `BertConfig`: the encoder, and tasks on top of it."""

from keras_bert.models.backbone import BertBackbone as BertBackbone
from keras_bert.models.classifier import BertClassifier as BertClassifier
from keras_bert.models.masked_lm import BertMaskedLM as BertMaskedLM
from keras_bert.models.multi_task import BertMultiTask as BertMultiTask
from keras_bert.models.multiple_choice import BertMultipleChoice as BertMultipleChoice
from keras_bert.models.pretrainer import BertPretrainer as BertPretrainer
from keras_bert.models.question_answerer import BertQuestionAnswerer as BertQuestionAnswerer
from keras_bert.models.regressor import BertRegressor as BertRegressor
from keras_bert.models.role_labeler import BertRoleLabeler as BertRoleLabeler
from keras_bert.models.sentence_encoder import BertSentenceEncoder as BertSentenceEncoder
from keras_bert.models.task_presets import load_task as load_task
from keras_bert.models.token_classifier import BertTokenClassifier as BertTokenClassifier
