"""``explain``: what protects a person's records, tenant by tenant and source by source. Read-only."""
