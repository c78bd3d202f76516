"""Wire scripts that wait for their adapters."""

from tests.wire import KEY, AnImage, Look, Order, Refusal, Script, Turn

__all__ = ["KEY", "AnImage", "Look", "Order", "Refusal", "Script", "Turn"]
