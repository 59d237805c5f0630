"""How values are declared: as frozen dataclasses to the type checker, as plain ones at run time.

At run time nothing stops an assignment, but an instance is made in a third of the time, and a send makes a
dozen (`docs/decisions/0011-values-are-frozen-to-the-type-checker.md`).
"""

from typing import TYPE_CHECKING, Any

__all__ = ["value"]

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:
    from dataclasses import dataclass

    def value(*, frozen: bool, **options: Any) -> Any:
        """Return the decorator; `frozen` only makes instances hashable."""
        return dataclass(unsafe_hash=frozen, **options)
