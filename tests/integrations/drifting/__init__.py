"""What induces drift: a case with a ticket, a hand in each tracker, and the ways to use it."""
