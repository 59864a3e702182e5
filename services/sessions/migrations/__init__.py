"""Steps of the tables of sessions from release to release."""
