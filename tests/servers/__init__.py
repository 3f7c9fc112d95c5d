"""Real servers that nobody here wrote, each started for a session and gone with it."""
