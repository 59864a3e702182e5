"""Steps of the tables of clearing from release to release."""
