"""OCPI 2.2.1: wire models and pure mapping functions, wire to event and stored to wire."""
