"""How each policy line stood in each tenant, from when until when, by journal number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, col, select

from sync.assess import Standing
from sync.store import Store
from sync.store.documents import dump, load_object
from sync.store.tables.engine import StandingRow
from sync.wording import standing_document


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStanding:
    """A standing as the store remembers it; without an end it still stands. Series, population and workload are empty where there is none."""

    tenant: str
    line: str
    series: str
    population: str
    workload: str
    standing: str
    from_seq: int
    until_seq: int | None
    from_at: datetime
    until_at: datetime | None
    document: Mapping[str, object]

    @property
    def of_control(self) -> bool:
        """Whether it is a control's: shown by what a tenant has set, and about no series."""
        return not self.series


class Standings:
    """Reads and writes the standings of one district."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def changed(self, tenant: str, standings: tuple[Standing, ...]) -> tuple[Standing, ...]:
        """The standings that differ from those that stand now; a standing that nobody gives any more is not among them, but ``keep`` ends it."""
        now = {_key_of_row(row): row for row in self._current(tenant)}
        return tuple(one for one in standings if _key(one) not in now or not _same(now[_key(one)], one))

    def dated(self, tenant: str, standings: tuple[Standing, ...], now: datetime) -> tuple[Standing, ...]:
        """Controls' standings with the time since when each was seen to stand so, for the same reason: ``now`` for what is new."""
        rows = {_key_of_row(row): load_object(row.document) for row in self._current(tenant)}
        return tuple(replace(one, since=_since(rows.get(_key(one)), one) or now) for one in standings)

    def witnessed(self, tenant: str, standings: tuple[Standing, ...]) -> tuple[Standing, ...]:
        """Standings that were kept, each with the entry that says since when it stands so among its evidence."""
        begun = {_key_of_row(row): row.from_seq for row in self._current(tenant)}
        return tuple(replace(one, evidence=tuple(sorted({begun[_key(one)], *one.evidence}))) for one in standings)

    def gone(self, tenant: str, standings: tuple[Standing, ...]) -> bool:
        """Whether something stands that ``standings`` do not speak of any more."""
        return bool({_key_of_row(row) for row in self._current(tenant)} - {_key(one) for one in standings})

    def keep(self, session: Session, tenant: str, standings: tuple[Standing, ...], now: datetime, seq: int) -> None:
        """End what no longer stands and begin what does, in the caller's transaction, as of journal number ``seq``."""
        fresh = {_key(one): one for one in standings}
        rows = session.exec(
            select(StandingRow).where(StandingRow.district == self.store.district, StandingRow.tenant == tenant, col(StandingRow.until_seq).is_(None))
        ).all()
        for row in rows:
            one = fresh.get(_key_of_row(row))
            if one is not None and _same(row, one):
                fresh.pop(_key_of_row(row))
                continue
            row.until_seq, row.until_at = seq, now
            session.add(row)
        session.flush()
        for one in fresh.values():
            session.add(
                StandingRow(
                    district=self.store.district,
                    tenant=tenant,
                    line=one.line,
                    population=one.population or "",
                    workload=one.workload.value if one.workload else "",
                    from_seq=seq,
                    series=one.series or "",
                    standing=one.standing.value,
                    document=dump(standing_document(one)),
                    from_at=now,
                )
            )

    def as_of(self, seq: int) -> tuple[KeptStanding, ...]:
        """Every standing at journal number ``seq``."""
        with self.store.read() as session:
            rows = session.exec(
                select(StandingRow)
                .where(StandingRow.district == self.store.district, col(StandingRow.from_seq) <= seq)
                .order_by(StandingRow.tenant, StandingRow.line, StandingRow.population, StandingRow.workload)
            ).all()
        return tuple(_kept(row) for row in rows if row.until_seq is None or row.until_seq > seq)

    def _current(self, tenant: str) -> list[StandingRow]:
        with self.store.read() as session:
            return list(
                session.exec(
                    select(StandingRow).where(
                        StandingRow.district == self.store.district, StandingRow.tenant == tenant, col(StandingRow.until_seq).is_(None)
                    )
                ).all()
            )


def _key(one: Standing) -> tuple[str, str, str]:
    return (one.line, one.population or "", one.workload.value if one.workload else "")


def _same(row: StandingRow, one: Standing) -> bool:
    """Whether a kept standing says the same; what was written about its carriers since then is more evidence, and no other standing."""
    return {**load_object(row.document), "evidence": None} == {**standing_document(one), "evidence": None}


def _since(kept: Mapping[str, object] | None, one: Standing) -> datetime | None:
    """When the kept standing began, where it says the same under the same code."""
    if kept is None or kept["standing"] != one.standing.value or _code(kept["reason"]) != _code(one.reason):
        return None
    return None if kept["since"] is None else datetime.fromisoformat(str(kept["since"]))


def _code(reason: object) -> str:
    return "" if reason is None else str(reason).partition(":")[0]


def _key_of_row(row: StandingRow) -> tuple[str, str, str]:
    return (row.line, row.population, row.workload)


def _kept(row: StandingRow) -> KeptStanding:
    return KeptStanding(
        tenant=row.tenant,
        line=row.line,
        series=row.series,
        population=row.population,
        workload=row.workload,
        standing=row.standing,
        from_seq=row.from_seq,
        until_seq=row.until_seq,
        from_at=row.from_at,
        until_at=row.until_at,
        document=load_object(row.document),
    )
