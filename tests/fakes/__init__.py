"""Stand-ins for the world outside: they record what they were asked and can be told to fail."""
