"""Microsoft 365: Graph through the SDK's adapter, the admin endpoint behind one module, and the translation to our words."""
