from importlib import import_module

from django.apps import AppConfig


class PrmConfig(AppConfig):
    name = "prm"

    def ready(self) -> None:
        import_module("prm.wiring").connect()  # only now may the apps' models be imported
