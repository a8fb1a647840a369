"""The Microsoft 365 tenant: sign-in, Graph, the admin endpoint on both hosts, the activity feed, and the consoles.

What may live here: how Microsoft's surfaces answer, from docs/wire/ and the sources named there. Where nobody has measured an
answer, docs/wire says ``[chosen]`` and this package does what is chosen.

Switches of the door, all beginning with ``m365.``; times are seconds of the sandbox's clock:

- ``licence`` A1, A3, A5 (default); ``cloud`` worldwide (default), gcc, gcc_high, dod, china: other resources, and what M§8 says is not there
- ``missing_roles`` application permissions that new tokens lack, by commas; ``more_roles`` those of Graph that they have beside the usual
- ``ediscovery_manager`` not_registered, manager (own cases only), administrator (default)
- ``admin_role`` compliance_administrator (default), viewer (no cmdlet that writes), blind (every Get- is empty), none (403)
- ``lone_file_plan`` ignored: a Set-ComplianceTag that changes the file plan alone changes nothing
- ``blind``, ``missing_cmdlets``, ``ignored_writes`` names of cmdlets that see nothing, are not there, say done and do nothing
- ``sees`` how many rows cmdlets show a role that sees a part, as ``Get-ComplianceTag:1`` by commas; ``app_writes`` refused: as once measured
- ``visible_seconds`` until lists show what is new (default 0), ``label_removal`` pending: removed labels wait for ``ForceDeletion``
- ``words`` other status words, as ``distribution:Success:NotApplicable`` by commas (kinds distribution, case, hold, source)
- ``unindexed`` addresses of sites that cannot be held or kept, by commas; ``mail_senders`` the only mailboxes that may send, by commas
- ``distribution_seconds`` 900, ``hold_mailbox_seconds`` 120 to 160, ``hold_site_seconds`` 300 to 340, ``case_close_seconds`` 60,
  ``case_materialise_seconds`` 0, ``audit_seconds`` 1800 to 5400, ``audit_query_seconds`` 60, ``token_seconds`` 3599 (system's)
- ``deploy_lock`` stuck, ``deploy_failed`` how many changes are stored but not deployed, ``distribution`` error,
  ``hold_result`` partial or error, ``group_mailboxes`` refused (no hold takes a group by its address),
  ``removed_sources`` shown (Graph lists what was taken out of a hold as ``removing`` until that is distributed)
- ``legal_holds_v1`` off, ``audit_v1`` on (default off: 404 as measured), ``nextlink`` expired, ``page_size`` rows at most,
  ``empty_page`` on, or the last words of lists' paths by commas (legalHolds),
  ``region`` and ``exchange_region`` a region's label; ``scc_host`` exchange: only that host serves S&C cmdlets to an application
- ``shapes`` by commas: nulls (for empty lists), plain (places as names), tags (labels of rules by name alone), spelling (addresses
  come back in another case)
- sign-in of people: see ``signin``; the activity feed: see ``activity``; delta on users: see ``userdelta``
- ``graph_limit`` requests in 10 s, ``exchange_limit`` and ``compliance_limit`` in 60 s (default none)
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from sandbox.microsoft import (
    activity,
    adminapi,
    auditlog,
    batch,
    directory,
    directoryaudits,
    ediscovery,
    graph_fileplan,
    graph_labels,
    groups,
    legalholds,
    login,
    seed,
    userdelta,
)
from sandbox.microsoft.console import console_acts
from sandbox.microsoft.dumping import dump
from sandbox.microsoft.odata import unknown_segment
from sandbox.microsoft.state import ACTIVITY, COMPLIANCE, EXCHANGE, GRAPH, TENANT, Registration, stable_id, tenant_of
from sandbox.routing import SandboxRoute
from sandbox.tls import make_client_certificate, make_rsa_key_pem, read_certificate, write_private
from sandbox.validate import graph as schema
from sandbox.world import Exchange, World

__all__ = ["TENANT_ID", "console_acts", "dump", "install", "judge", "overlay", "routes"]

TENANT_ID = TENANT
CREDENTIAL, SECRET, SIGNING = "m365-app.pem", "m365-secret.txt", "m365-signing.pem"


def install(world: World, folder: Path) -> None:
    """Seed the tenant; the app's certificate with its key, and its secret, lie in ``folder`` (0600)."""
    certificate = read_certificate(make_client_certificate(folder, CREDENTIAL))
    key = certificate.public_key()
    assert isinstance(key, RSAPublicKey)
    secret = f"{stable_id(world.seed, 'secret')}~{stable_id(world.seed, 'secret/2')}"
    write_private(folder / SECRET, secret.encode())
    app = Registration(
        app_id=stable_id(world.seed, "app"),
        object_id=stable_id(world.seed, "app/principal"),
        name=seed.APP_NAME,
        secret=secret,
        certificate=certificate.public_bytes(Encoding.DER),
        public_key=key,
    )
    seed.seed(world, app, _signing_key(folder))


def _signing_key(folder: Path) -> RSAPrivateKey:
    """The key that access tokens are signed with; kept, so that tokens outlive a restart as they do at Microsoft."""
    file = folder / SIGNING
    if not file.exists():
        write_private(file, make_rsa_key_pem().encode())
    # Our own key from our own file: testing its primes at each start would cost more than all the rest.
    key = load_pem_private_key(file.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, RSAPrivateKey)
    return key


def routes(world: World) -> Mapping[str, list[SandboxRoute]]:
    """What the five surfaces answer; Graph's last route answers whatever path it does not know."""
    parts = (userdelta, directory, groups, ediscovery, legalholds, graph_labels, graph_fileplan, auditlog, directoryaudits)
    known = [route for part in parts for route in part.routes(world)]
    last = unknown_segment(world)
    graph = [*known, *batch.routes(world, [*known, *last]), *last]
    return {
        "authority": login.routes(world),
        GRAPH: graph,
        EXCHANGE: adminapi.routes(world, EXCHANGE),
        COMPLIANCE: adminapi.routes(world, COMPLIANCE),
        ACTIVITY: activity.routes(world),
    }


def overlay(world: World, base_url: str) -> dict[str, object]:
    """The tenant's part of the overlay: endpoints, identity, credential, and objects made by the administrator as visibility checks."""
    state = tenant_of(world)
    return {
        "endpoints": {
            "authority": base_url,
            "graph": f"{base_url}/graph",
            "exchange_admin": f"{base_url}/exchange",
            "compliance_admin": f"{base_url}/compliance",
            "activity": f"{base_url}/activity",
        },
        "tenant_id": state.tenant_id,
        "domain": state.domain,
        "client_id": state.app.app_id,
        # What this endpoint takes; of the vendor's nobody knows more than that it bears about one cmdlet a second (M§2.5).
        "budgets": {"exchange_admin": {"per_minute": 6_000}, "compliance_admin": {"per_minute": 6_000}},
        "credential": {"certificate_file": CREDENTIAL},
        "ca_bundle": "ca.pem",
        "visibility_checks": {
            "m365.label": seed.CHECK_LABEL,
            "m365.label_policy": seed.CHECK_PUBLISHING,
            "m365.label_rule": tenant_of(world).rules[_publishing_rule(world)].name,
            "m365.retention_policy": seed.CHECK_POLICY,
            "m365.retention_rule": seed.CHECK_POLICY_RULE,
            "m365.adaptive_scope": seed.CHECK_SCOPE,
            "m365.event_type": seed.CHECK_EVENT,
            "m365.case": seed.CHECK_CASE,
            "m365.hold": seed.CHECK_HOLD,
            "m365.mailbox": f".{seed.CHECK_MAILBOX}@{state.domain}",
            "m365.org_hold": seed.ORG_POLICY,
        },
    }


def _publishing_rule(world: World) -> str:
    state = tenant_of(world)
    return next(rule.guid for rule in state.rules.values() if rule.publishes)


def judge(world: World, exchange: Exchange) -> list[str]:
    """What the installed Graph SDK's models say against an exchange; other surfaces and routes that it lacks are not judged."""
    del world
    return schema.judge(exchange) if exchange.surface == GRAPH else []
