"""An emulated Google Workspace tenant: token endpoint, Vault, Directory, Reports, Licensing, Groups Settings, Policy and Alert APIs.

True to the vendor as reference paragraphs G§ and the discovery documents tell it. Vault retention rules exist only at the console
(``console_vault``), because no Google API reads or writes them. Nothing here knows who calls.

Switches: ``google.hold_delay`` (90 s until a hold is in force), ``google.audit_delay`` (180 s and up to two thirds more until an event
is served), ``google.audit_late`` (PATTERN=SECONDS), ``google.audit_lost`` (PATTERN), ``google.audit_rename`` (OLD=NEW,...),
``google.vault_history`` (indefinite, 180 days or refused), ``google.close_with_holds`` (refuse, keep or release), ``google.quota`` (off),
``google.empty_pages`` (off: no empty first page of policies), ``google.page_size`` (rows of a page at most), ``google.token_creator`` (off:
the machine may not sign), ``google.edition`` (read at the start: Fundamentals, Standard or Plus).
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.dispatch import endpoints_of
from sandbox.google import (
    alertcenter,
    chat,
    cloudidentity,
    directory,
    directory_groups,
    directory_units,
    drive,
    drivelabels,
    groupssettings,
    iamcredentials,
    licensing,
    reports,
    vault,
    vault_holds,
)
from sandbox.google.api import routes_for
from sandbox.google.console import console_acts
from sandbox.google.discovery import SURFACES
from sandbox.google.dump import dump
from sandbox.google.live_discovery import OPERATION as DISCOVERY
from sandbox.google.live_discovery import directory_routes
from sandbox.google.seed import CHECK_HOLD, CHECK_LABEL, CHECK_MATTER, KEY_FILE, address_machine, install
from sandbox.google.state import TENANT_ID, state_of
from sandbox.google.sts import sts_routes
from sandbox.google.token import token_routes
from sandbox.routing import SandboxRoute
from sandbox.validate.google import judge as judge_exchange
from sandbox.world import Exchange, World

__all__ = ["TENANT_ID", "console_acts", "dump", "install", "judge", "overlay", "routes"]


def routes(world: World) -> Mapping[str, list[SandboxRoute]]:
    """Routes by surface: every method of every API's discovery document, those that are not served answering 501."""
    served = {
        "vault": {**vault.operations(), **vault_holds.operations()},
        "directory": {**directory.operations(), **directory_groups.operations(), **directory_units.operations()},
        "reports": reports.operations(),
        "licensing": licensing.operations(),
        "groupssettings": groupssettings.operations(),
        "cloudidentity": cloudidentity.operations(),
        "alertcenter": alertcenter.operations(),
        "drivelabels": drivelabels.operations(),
        "drive": drive.operations(),
        "chat": chat.operations(),
        "iam_credentials": iamcredentials.operations(),
    }
    roots = {"token": token_routes(world), "sts": sts_routes(world), "discovery": directory_routes()}
    return roots | {surface: routes_for(world, surface, served.get(surface, {})) for surface in SURFACES}


def overlay(world: World, base_url: str) -> dict[str, object]:
    """The overlay's tenant: endpoints that are served, the key file, whom to act as, and what must be seen in complete lists.

    The machine's key file is pointed at the same address, for installations without the other.
    """
    state = state_of(world)
    address_machine(state, base_url)
    served = (
        "vault", "directory", "reports", "licensing", "groupssettings", "cloudidentity", "alertcenter", "drivelabels", "drive", "chat",
        "iam_credentials", "sts",
    )  # fmt: skip
    endpoints = endpoints_of(("token", *served), base_url)
    endpoints["token_uri"] = endpoints.pop("token")
    return {
        "endpoints": endpoints,
        "credential": {"service_account_file": KEY_FILE, "subject": f"records.bot@{state.domain}"},
        "subjects": {"cloudidentity": f"it.director@{state.domain}"},
        "customer_id": state.customer_id,
        "domain": state.domain,
        "ca_bundle": "ca.pem",
        "visibility_checks": {
            "google.matter": CHECK_MATTER,
            "google.hold": CHECK_HOLD,
            "google.group_archive": f"board@{state.domain}",
        }
        | ({"google.drive_label": CHECK_LABEL} if state.has_labels else {}),
    }


def judge(_world: World, exchange: Exchange) -> list[str]:
    """What the discovery documents say against an exchange; a document itself is nobody's method."""
    return [] if exchange.operation == DISCOVERY else judge_exchange(exchange)
