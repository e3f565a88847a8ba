"""News that travels uphill: an app says what happened; `prm.wiring` alone says who listens."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Listener = Callable[..., None]
_listeners: dict[str, tuple[Listener, ...]] = {}


def connect(table: Mapping[str, Sequence[Listener]]) -> None:
    """Set the one table of listeners, each called in the given order inside the publisher's transaction."""
    _listeners.clear()
    _listeners.update({name: tuple(listeners) for name, listeners in table.items()})


def publish(name: str, **payload: Any) -> None:
    """Tell the listeners, in the caller's transaction: if one fails, nothing has happened."""
    for listener in _listeners.get(name, ()):
        listener(**payload)
