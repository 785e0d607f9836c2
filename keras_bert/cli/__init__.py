"""The `keras-bert` command: `main.py` parses, each verb has a module."""
