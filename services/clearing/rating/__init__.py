"""What a session costs by its tariffs, and why: pure, exact, after OCPI 2.2.1 and 2.3.0 mod_tariffs and mod_cdrs."""
