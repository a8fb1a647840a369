"""What the names in Vault's log mean to the rules. Names are data: Google adds and renames some, so an unknown one is a finding, never nothing (G§5).

Vault's names come as pairs of ``_begin`` and ``_end`` (G§2.2); older and newer spellings differ in letter case and in what joins the words.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

_PAIRED: Final = """
add_retention_rule update_retention_rule delete_retention_rule modify_default_retention_period add_litigation_hold remove_litigation_hold
add_preservation_rule delete_preservation_rule update_preservation_rule_query update_preservation_rule_add_holds
update_preservation_rule_remove_holds create_accelerated_deletion cancel_accelerated_deletion create_investigation close_investigation
reopen_investigation delete_investigation restore_investigation update_investigation_details add_collaborator remove_collaborator create_export
delete_export create_saved_query delete_saved_query update_saved_query_details convert_saved_query_to_collection
"""
_SINGLE: Final = """
update_retention_settings preview_retention_rule obsolete_preview_retention_rule_count view_retention_policy view_retention_settings
view_cross_matter_litigation_hold_report download_cross_matter_litigation_hold_report view_per_matter_litigation_hold_report
download_per_matter_litigation_hold_report view_custodian_litigation_hold_report deletion_search view_investigation view_matter_audit_log
view_system_audit_log search search_count get_count_operation view_document view_document_information view_external_document export
export_file_download legacy_export_download delete_export_fail download_count_per_account_csv obsolete_api_matters_get obsolete_api_matters_list
obsolete_api_matters_insert obsolete_api_matters_update obsolete_api_matters_delete obsolete_api_holds_list obsolete_api_holds_insert
obsolete_api_exports_list
"""
KNOWN: Final = frozenset((*_PAIRED.split(), *_SINGLE.split()))
"""G§2.2, without ``_begin`` and ``_end``."""
VIEW: Final = "view_retention_policy"
EARLY: Final = frozenset({"create_accelerated_deletion", "cancel_accelerated_deletion"})
_END: Final = re.compile(r"_(?:begin|end|b|e)$")
_BEGIN: Final = re.compile(r"_(?:begin|b)$")
_LOOKS: Final = re.compile(r"^(?:obsolete_)?(?:view|preview|list|get|search|download|export)_")


class Sort(StrEnum):
    """What an event means to the rules as somebody stated them."""

    CHANGE = "change"
    VIEW = "view"
    EARLY = "early_deletion"
    OTHER = "other"
    UNKNOWN = "unknown"


def stem(operation: str) -> str:
    """The name in one spelling, without the ending that tells begin from end."""
    return _END.sub("", _spelt(operation))


def begins(operation: str) -> bool:
    """Whether the event says only that something was begun."""
    return _BEGIN.search(_spelt(operation)) is not None


def _spelt(operation: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", operation.strip().lower()).strip("_")


def sort_of(operation: str) -> Sort:
    """The meaning of a name. One that nobody knows and that speaks of retention counts as a change unless it says that somebody looked."""
    name = stem(operation)
    if name == VIEW:
        return Sort.VIEW
    if name in EARLY:
        return Sort.EARLY
    if "retention" in name and not looks(name):
        return Sort.CHANGE
    return Sort.OTHER if name in KNOWN else Sort.UNKNOWN


def looks(operation: str) -> bool:
    """Whether the event says that somebody only looked."""
    return _LOOKS.search(stem(operation)) is not None


def is_known(operation: str) -> bool:
    """Whether the name is in the list."""
    return stem(operation) in KNOWN
