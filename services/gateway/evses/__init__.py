"""States of EVSEs, which change far more often than the locations that they are part of."""
