"""Audits whole files of CDRs without a deployment and reports what it found; `roamwatt audit` is its command."""
