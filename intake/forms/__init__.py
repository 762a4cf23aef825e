"""Where responses come from: one port, Google Forms and the exported CSV."""
