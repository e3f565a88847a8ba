"""Who does something: a person, an API client, or the program itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who asks, as far as permission and audit need to know.

    ``key`` is the stable reference that audit entries keep (``user:12``, ``client:crm``, ``system``); ``label`` is its
    name for people. Partner roles map a partner's primary key to the role held there.
    """

    kind: Literal["person", "client", "system", "anonymous"]
    key: str
    label: str
    user_id: int | None = None
    vendor_roles: frozenset[str] = frozenset()
    partner_roles: Mapping[int, str] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset()

    @property
    def is_vendor(self) -> bool:
        """Vendor staff, the vendor's own API clients, and the program itself: not bound to one partner."""
        return self.kind == "system" or bool(self.vendor_roles) or (self.kind == "client" and not self.partner_roles)

    @property
    def partner_ids(self) -> frozenset[int]:
        return frozenset(self.partner_roles)


SYSTEM = Actor(kind="system", key="system", label="PRM")
ANONYMOUS = Actor(kind="anonymous", key="anonymous", label="Anonymous")
