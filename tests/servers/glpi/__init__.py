"""Stateful stand-ins for GLPI's two interfaces, built from its documentation and source. They are no GLPI: none could run."""
