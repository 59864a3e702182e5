"""Two stand-in partner systems that speak OCPI 2.2.1 or 2.3.0 over HTTPS and share no code with the platform.

Each is a process of its own (`python -m tests.partners.cso`, `python -m tests.partners.csp`) with a public OCPI
server and a control server on loopback, through which a test or the demonstration tells it what to do and asks what
it has seen. They are written from the OCPI text alone, so that they judge the platform rather than echo it.
"""
