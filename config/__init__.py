"""What everybody shares and that knows nobody: words, errors, settings, policy, calendar, logging."""
