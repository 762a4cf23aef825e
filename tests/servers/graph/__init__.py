"""A stateful Microsoft Graph on loopback, over HTTPS, for the real msal and the real connection."""
