"""The one sentence about what a vendor does not stand behind, as README, ``doctor`` and the board's report say it."""

from __future__ import annotations

from typing import Final

ADMIN_ENDPOINT: Final = "The admin endpoint of Microsoft 365 is undocumented and unsupported by Microsoft"
"""The cmdlets' way without PowerShell (M§2.5): labels, their publishing and retention policies are read and made through it."""
