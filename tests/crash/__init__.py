"""The process is killed everywhere; afterwards the world is as if it had not been."""
