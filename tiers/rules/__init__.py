"""What should happen, and why. No Django, no clock, no database."""
