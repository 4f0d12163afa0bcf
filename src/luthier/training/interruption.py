"""Ctrl-C that is never lost: what a library swallows is raised again at the end of the step."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """Whether an interrupt came in."""

    def __init__(self) -> None:
        self._came = False

    def note(self) -> None:
        """Remembers an interrupt."""
        self._came = True

    def check(self) -> None:
        """Raises KeyboardInterrupt where one came in and was not heeded."""
        if self._came:
            raise KeyboardInterrupt


@contextmanager
def heard() -> Iterator[Interruption]:
    """Notes every SIGINT and passes it on to the handler that was there.

    Python raises KeyboardInterrupt wherever it stands, which may be inside a library's own `except` or a
    finaliser; there it is lost and a long training goes on.
    """
    interruption = Interruption()
    before = signal.getsignal(signal.SIGINT)
    # Only the main thread may set handlers; and where SIGINT is ignored, it stays so.
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield interruption
        return

    def handle(number: int, frame: FrameType | None) -> None:
        interruption.note()
        before(number, frame)

    signal.signal(signal.SIGINT, handle)
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGINT, before)
