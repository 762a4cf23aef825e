"""Copies of what a person had in the cloud, taken and verified before anything of it is given up."""
