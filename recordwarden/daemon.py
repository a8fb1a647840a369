"""The daemon: a clock that puts jobs into the store, and a worker that does them under leases."""
