"""A year of simulated time over the whole program, with everything that people and machines do to it."""
