"""Mails and pages as Debian's Chromium shows and prints them."""
