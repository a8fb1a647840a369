"""The doors: settings, wiring, clock, command line, daemon, drill. The only place where the parts meet."""

__version__ = "0.1.0"
