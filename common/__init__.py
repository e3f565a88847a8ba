"""What a second app needs and what knows no app."""
