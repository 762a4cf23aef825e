"""Microsoft Graph over one connection, shared by what provisions accounts and by what tells people."""
