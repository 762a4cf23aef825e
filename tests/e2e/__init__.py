"""Scheduled runs of the real command on real parts: Google over HTTP, Active Directory by Samba, mail by Exim."""
