"""Steps from release to release of the gateway's schema."""
