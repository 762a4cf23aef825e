"""Declarative scenarios: a case from the form to its end, as the people outside the program see it."""
