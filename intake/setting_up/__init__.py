"""Making an installation: the form, the spreadsheets, the settings file."""
