"""A believable year of an invented vendor, told through the program's own actions at their historical times."""
