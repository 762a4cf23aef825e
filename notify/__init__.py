"""Telling people: mail, templates, the desk's ticket."""
