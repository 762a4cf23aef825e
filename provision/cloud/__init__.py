"""The cloud (licences, sync, mailboxes, sessions): one port and its adapters."""
