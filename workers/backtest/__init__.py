"""What an edited runbook would have made of cases that are over: played again, and compared."""
