"""What has to happen to an account, and doing it."""
