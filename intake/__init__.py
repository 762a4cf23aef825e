"""From the form to a decided request, and the run."""
