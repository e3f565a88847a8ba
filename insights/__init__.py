"""The CEO's page: figures over the whole channel."""
