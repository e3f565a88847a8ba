"""The project: settings, URLs, wiring, timetable, engines. The only package that may import every app."""
