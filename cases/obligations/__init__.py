"""What a case owes after closing, as pure values: its turns, its answers, its record."""
