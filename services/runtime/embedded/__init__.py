"""A whole deployment on one machine: real Apache Kafka, real PostgreSQL and the services as processes of their own.

For trying out, developing and testing. A production installation has its own Kafka and PostgreSQL and needs nothing of
this package (nor the extra `embedded`).
"""
