"""Uploads that no form would take are not received at all."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler


class CappedUploadHandler(FileUploadHandler):
    """First in line: refuses a body beyond `UPLOAD_MAX_SIZE` bytes before any of it fills memory or disk.

    What is smaller goes on to the next handlers; whether it is too large for its form, the form says.
    """

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *_more: Any, **_named: Any) -> None:  # noqa: N803
        if content_length > settings.UPLOAD_MAX_SIZE:
            raise RequestDataTooBig

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
