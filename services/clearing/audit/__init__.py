"""The audit: what is wrong with a CDR, given what is known. Pure, and of use without the platform."""
