"""Measures the budgets of the design and runs the acceptance criteria."""
