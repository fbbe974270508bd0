"""A list of things that happened, on which tests wait. Written by reader threads, read by the test's thread."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from harness.timing import DEFAULT_DEADLINE

T = TypeVar("T")


class EventLog(Generic[T]):
    """Append-only. `position()` now and `after=` later tell old events from new ones."""

    def __init__(self, name: str):
        self.name = name
        self._items: list[T] = []
        self._closed = False
        self._changed = threading.Condition()

    def append(self, item: T) -> None:
        with self._changed:
            self._items.append(item)
            self._changed.notify_all()

    def close(self) -> None:
        """No more events will come; waits that are not satisfied fail at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def position(self) -> int:
        with self._changed:
            return len(self._items)

    def all(self, after: int = 0) -> list[T]:
        with self._changed:
            return self._items[after:]

    def matching(self, predicate: Callable[[T], bool], after: int = 0) -> list[T]:
        return [item for item in self.all(after) if predicate(item)]

    def wait(
        self,
        predicate: Callable[[T], bool],
        what: str,
        *,
        after: int = 0,
        deadline: float = DEFAULT_DEADLINE,
    ) -> T:
        """The first event from `after` on that satisfies `predicate`, or AssertionError with the last events."""
        return self.wait_count(predicate, what, 1, after=after, deadline=deadline)[0]

    def wait_count(
        self,
        predicate: Callable[[T], bool],
        what: str,
        count: int,
        *,
        after: int = 0,
        deadline: float = DEFAULT_DEADLINE,
    ) -> list[T]:
        """The first `count` such events, or AssertionError."""
        until = time.monotonic() + deadline
        found: list[T] = []
        with self._changed:
            seen = after
            while True:
                for item in self._items[seen:]:
                    if predicate(item):
                        found.append(item)
                        if len(found) == count:
                            return found
                seen = len(self._items)
                left = until - time.monotonic()
                if self._closed or left <= 0:
                    break
                self._changed.wait(left)
            why = "it ended" if self._closed else f"{deadline:.0f} s passed"
            tail = "\n  ".join(str(item) for item in self._items[-30:])
            raise AssertionError(
                f"{self.name}: {why} before {what} ({len(found)} of {count}); its last events:\n  {tail}"
            )
