"""What city operators publish about their charging sessions, read as it is: pure, and known to no service."""
