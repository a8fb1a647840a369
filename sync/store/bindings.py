"""The objects that are ours, by key, with the normal form last read back."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session, select

from policies.kinds import Kind
from policies.resources import find_mark
from sync.bindings import Binding, BindingState
from sync.store import Store
from sync.store.documents import dump_fields, dump_members, load_fields, load_list
from sync.store.tables.engine import BindingRow


class Bindings:
    """Reads and writes bindings of one district."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def of(self, tenant: str) -> Mapping[str, Binding]:
        """Every binding of a tenant, by key."""
        with self.store.read() as session:
            rows = session.exec(select(BindingRow).where(BindingRow.district == self.store.district, BindingRow.tenant == tenant)).all()
        return {row.key: _binding(row) for row in rows}

    def put(self, session: Session, binding: Binding) -> None:
        """Keep ``binding`` in the caller's transaction."""
        row = BindingRow(
            district=self.store.district,
            tenant=binding.tenant,
            key=binding.key,
            kind=binding.kind.value,
            vendor_id=binding.vendor_id,
            name=binding.name,
            generation=binding.generation,
            parent_id=binding.parent_id,
            fields=dump_fields(binding.fields),
            members=dump_members(binding.members),
            mark=str(binding.mark) if binding.mark else None,
            state=binding.state.value,
            accepted_at=binding.accepted_at,
            effective_at=binding.effective_at,
            verified_at=binding.verified_at,
        )
        session.merge(row)

    def unchanged(self, session: Session, binding: Binding) -> bool:
        """Whether nobody wrote the binding since it was read: a look that began earlier never overwrites what a later change left."""
        row = session.get(BindingRow, (self.store.district, binding.tenant, binding.key))
        return row is not None and row.accepted_at == binding.accepted_at and row.vendor_id == binding.vendor_id

    def forget(self, session: Session, tenant: str, key: str) -> None:
        """Unbind ``key``: only for objects that a person released."""
        row = session.get(BindingRow, (self.store.district, tenant, key))
        if row is not None:
            session.delete(row)


def _binding(row: BindingRow) -> Binding:
    return Binding(
        tenant=row.tenant,
        kind=Kind(row.kind),
        key=row.key,
        vendor_id=row.vendor_id,
        name=row.name,
        generation=row.generation,
        fields=load_fields(row.fields),
        members=frozenset(load_list(row.members)),
        parent_id=row.parent_id,
        accepted_at=row.accepted_at,
        effective_at=row.effective_at,
        state=BindingState(row.state),
        mark=find_mark(row.mark),
        verified_at=row.verified_at,
    )
