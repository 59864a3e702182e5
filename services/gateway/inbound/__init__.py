"""What partners push: one module of OCPI a file, all through one way of deciding and storing."""
