"""Ctrl-C in `fit`: noted first, acted on between two steps.

An interrupt in the middle of a step would leave weights and counters that do not
fit each other. So the first one is noted, for a callback to save and stop after
the step; a second one stops at once.
"""

import signal
import sys
import threading
from types import FrameType
from typing import Any


class InterruptNote:
    """Notes SIGINT while a model is in `fit`; otherwise leaves it to the earlier handler.

    Args:
        model: the model in `fit`.
    """

    def __init__(self, model: Any):
        self.noted = False
        self._model = model
        self._earlier: Any = None

    def install(self) -> None:
        """Takes SIGINT over, in the main thread and where it is not ignored."""
        earlier = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is threading.main_thread() and callable(earlier):
            self._earlier = earlier
            signal.signal(signal.SIGINT, self._handle)

    def remove(self) -> None:
        """Gives SIGINT back."""
        if self._earlier is not None and signal.getsignal(signal.SIGINT) == self._handle:
            signal.signal(signal.SIGINT, self._earlier)
        self._earlier = None

    def _handle(self, number: int, frame: FrameType | None) -> None:
        # `fit` may have ended by an error, which no callback is told of.
        if self.noted or not self._in_fit(frame):
            earlier = self._earlier
            self.remove()
            earlier(number, frame)
            return
        self.noted = True
        sys.stderr.write("\nInterrupted: stopping after this step (once more: at once)\n")

    def _in_fit(self, frame: FrameType | None) -> bool:
        while frame is not None:
            if frame.f_code.co_name == "fit" and frame.f_locals.get("self") is self._model:
                return True
            frame = frame.f_back
        return False
