"""What the versions of OCPI have in common: parts of their wire models, and the mapping of their objects to events.

What differs is in each version's own package: the models themselves, and a `Dialect` that says how it states prices.
"""
