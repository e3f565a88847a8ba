"""Deal registration, rules of engagement, decisions and protection."""
