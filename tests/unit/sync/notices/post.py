"""A post office of values: what was handed over stands in ``out``; what it shall refuse is told to it beforehand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from connectors.errors import ConnectorError
from connectors.mailing import Letter, Readiness
from policies.district import Delivery, Subject, Way
from reports.notices import compose
from sync.desk import Desk
from sync.notices.dispatch import Dispatch
from tests.unit.sync.matters.world import Scene


@dataclass
class Post:
    """Carries every letter at once, or fails with the next of ``refusals``."""

    out: list[tuple[Delivery, Letter]] = field(default_factory=list)
    refusals: list[ConnectorError] = field(default_factory=list)
    tried: int = 0

    def courier(self, delivery: Delivery) -> Carrier:
        return Carrier(self, delivery)

    def to(self, officer: str) -> list[Letter]:
        return [letter for delivery, letter in self.out if delivery.to == officer]


@dataclass
class Carrier:
    post: Post
    delivery: Delivery

    def carry(self, letter: Letter) -> None:
        self.post.tried += 1
        if self.post.refusals:
            raise self.post.refusals.pop(0)
        self.post.out.append((self.delivery, letter))

    def ready(self) -> Readiness:
        return Readiness(can_send=True)


def mail(to: str, *about: Subject) -> Delivery:
    return Delivery(to=to, by=Way.MAIL, tenant="m365", sender="records@d.example", about=about or tuple(Subject))


def desk_of(here: Scene, *deliveries: Delivery, crash: Callable[[str], None] | None = None) -> Desk:
    """The scene's desk with these deliveries in force."""
    district = here.district.model_copy(update={"deliveries": deliveries})
    return replace(here.desk, district=district, crash=crash or here.desk.crash)


def send(here: Scene, post: Post, *deliveries: Delivery, crash: Callable[[str], None] | None = None) -> None:
    """What the end of a run does."""
    Dispatch(desk_of(here, *deliveries, crash=crash), compose, post.courier).run()
