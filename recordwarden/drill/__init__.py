"""Rehearsals: the demo, and the trap that kills the process at a named point. Honoured only where the district says ``drill: true``."""
