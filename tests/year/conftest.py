"""The profile of the long hunts: `pytest tests/year --hypothesis-profile=thorough`."""

from hypothesis import settings

settings.register_profile("thorough", settings(print_blob=True))
