"""A partner system that others wrote: it runs in an environment of its own and shares no code with the platform."""
