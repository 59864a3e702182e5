"""Steps of the registry's tables from release to release."""
