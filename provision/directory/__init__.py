"""The directory: one port, Active Directory and an embedded one."""
