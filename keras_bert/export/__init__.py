"""Models for servers: SavedModels with the tokenizer in the graph."""

from keras_bert.export.saved_model import version_folder as version_folder
from keras_bert.export.saved_model import write_saved_model as write_saved_model
