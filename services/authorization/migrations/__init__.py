"""Steps of the authorization service's tables from release to release."""
