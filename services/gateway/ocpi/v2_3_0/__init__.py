"""OCPI 2.3.0: wire models and pure mapping functions, wire to event."""
