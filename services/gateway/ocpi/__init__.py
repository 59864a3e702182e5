"""OCPI as partners speak it; nothing behind the gateway knows of it. Each version is a package of pure functions."""
