"""What all objects of Security & Compliance look like over the admin endpoint (docs/wire/admin-endpoint.md §1.5 and §1.7)."""

from __future__ import annotations

from datetime import datetime

from sandbox.microsoft.binding import Row
from sandbox.microsoft.objects import Made
from sandbox.microsoft.state import TenantState

ALL_WORKLOADS = "Exchange, SharePoint, OneDriveForBusiness, Skype, ModernGroup"
"""What ``Workload`` says whatever the object covers: no evidence of anything (M§2.2)."""


def instant(at: datetime | None) -> str:
    """A time with seven digits of fraction, as .NET writes it; year 1 without a zone for none."""
    return "0001-01-01T00:00:00" if at is None else at.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def local(at: datetime) -> str:
    """The same instant in a zone of the service's own choice."""
    return at.strftime("%m/%d/%Y %I:%M:%S %p")


def common(state: TenantState, made: Made) -> Row:
    """Properties that every object has."""
    place = f"FFO.extest.microsoft.com/Microsoft Exchange Hosted Organizations/{state.initial_domain}/Configuration/{made.name}"
    return {
        "Name": made.name,
        "Identity": place,
        "Guid": made.guid,
        "ExchangeObjectId": made.guid,
        "ImmutableId": made.guid,
        "DistinguishedName": f"CN={made.name},CN=Configuration,CN={state.initial_domain},OU=Microsoft Exchange Hosted Organizations,DC=FFO",
        "Comment": made.comment or None,
        "WhenCreatedUTC": instant(made.created),
        "WhenChangedUTC": instant(made.changed),
        "WhenCreated": local(made.created),
        "WhenChanged": local(made.changed),
        "CreatedBy": made.created_by.name,
        "LastModifiedBy": made.changed_by.name,
        "ObjectState": "Unchanged",
        "IsValid": True,
        "Mode": "Enforce",
        "ObjectClass": ["msExchUnifiedPolicy"],
        "ExchangeVersion": "0.20 (15.0.0.0)",
        "OrganizationId": f"FFO.extest.microsoft.com/Microsoft Exchange Hosted Organizations/{state.initial_domain}",
    }


def annotated(row: Row) -> Row:
    """The row with type annotations mixed in, at every depth, as JSON comes from this endpoint (M§2.5)."""
    found: Row = {}
    for name, value in row.items():
        if name.endswith("Guid") or name in {"ExchangeObjectId", "ImmutableId"}:
            found[f"{name}@odata.type"] = "#Guid"
        elif name.startswith("When"):
            found[f"{name}@data.type"] = "System.DateTime"
        if isinstance(value, list):
            nested = bool(value) and isinstance(value[0], dict)
            kind = "Exchange.GenericHashTable" if nested else "String"
            found[f"{name}@odata.type"] = f"#Collection({kind})"
            value = [annotated(one) if isinstance(one, dict) else one for one in value]  # noqa: PLW2901 - the annotated twin of the same value
        found[name] = value
    return found
