"""Which files are taken as evidence: known kinds by name and by content, nothing that could run."""

import re
import unicodedata
from dataclasses import dataclass
from io import BytesIO
from zipfile import BadZipFile, ZipFile

import puremagic

from common.verdict import ALLOWED, Reason, Verdict, objections, refusal

MAX_BYTES = 10 * 1024 * 1024
MAX_FILES = 20  # of one registration in one stream: the vendor's own must not show in the partner's number
NAME_LENGTH = 120
KINDS = ("pdf", "png", "jpg", "webp", "txt", "csv", "eml", "docx", "xlsx", "pptx")
_SAME = {"jpeg": "jpg", "jpe": "jpg", "jfif": "jpg"}
_TEXTS = frozenset({"txt", "csv", "eml"})
_OFFICE = {"docx": "word/", "xlsx": "xl/", "pptx": "ppt/"}
_MACROS = ("vbaproject.bin", "vbadata.xml", "/activex/", "/embeddings/", "xl/macrosheets/")
_CONTROL = frozenset(range(32)) - set(b"\t\n\f\r")
_MAIL_HEADER = re.compile(rb"(?im)^(from|received|return-path|mime-version|message-id|delivered-to):")
_NOT_IN_NAMES = re.compile(r'[<>:"|?*%]')


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file as it is kept: its cleaned name and its kind, one of `KINDS`."""

    name: str
    kind: str


def safe_name(name: str) -> str:
    """The last part of a path, of readable characters only, with its extension and at most `NAME_LENGTH` long."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(c if unicodedata.category(c)[0] != "C" and c not in "\u2028\u2029" else " " for c in last)
    plain = " ".join(_NOT_IN_NAMES.sub("_", kept).split()).strip(". ")
    stem, dot, extension = plain.rpartition(".")
    return f"{stem[: NAME_LENGTH - len(extension) - 1]}{dot}{extension}" if stem else ""


def evidence_of(name: str) -> Evidence:
    """What a file of this name is kept as."""
    kept = safe_name(name)
    extension = kept.rpartition(".")[2].lower()
    return Evidence(kept, _SAME.get(extension, extension))


def file_is_evidence(name: str, content: bytes) -> Verdict:
    """Refuses what is empty or too large, kinds that are not taken, and content that is not what its name says."""
    found = evidence_of(name)
    problems = objections(
        [
            None if found.name else Reason("attachment.name_invalid", field="file"),
            None if content else Reason("attachment.empty", field="file"),
            None if len(content) <= MAX_BYTES else _too_large(),
            None if not found.name or found.kind in KINDS else _not_taken(),
        ]
    )
    if problems and not _is_what_it_says(found.kind, content):
        return refusal("attachment.content_differs", field="file", kind=found.kind)
    return problems


def may_be_added(count: int) -> Verdict:
    """Whether a stream that has so many files takes one more."""
    return ALLOWED if count < MAX_FILES else refusal("attachment.too_many", field="file", limit=MAX_FILES)


def _too_large() -> Reason:
    return Reason("attachment.too_large", {"limit": MAX_BYTES // 1024**2}, "file")


def _not_taken() -> Reason:
    return Reason("attachment.kind_unknown", {"kinds": ", ".join(KINDS)}, "file")


def _is_what_it_says(kind: str, content: bytes) -> bool:
    if kind in _TEXTS:
        return _is_text(content) and (kind != "eml" or bool(_MAIL_HEADER.search(content[:16_384])))
    try:
        found = {_SAME.get(match.extension[1:], match.extension[1:]) for match in puremagic.magic_string(content)}
    except puremagic.PureError:
        return False
    return kind in found and (kind not in _OFFICE or _is_plain_office(kind, content))


def _is_text(content: bytes) -> bool:
    """Text in any encoding, but no markup that a browser would run."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        content = content.decode("utf-16", "replace").encode()
    return not _CONTROL & set(content) and not content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def _is_plain_office(kind: str, content: bytes) -> bool:
    """The parts of such a document and no macros, controls or embedded files. Nothing is unpacked."""
    try:
        with ZipFile(BytesIO(content)) as parts:
            names = [name.lower() for name in parts.namelist()]
    except (BadZipFile, ValueError, NotImplementedError):
        return False
    has_parts = "[content_types].xml" in names and any(name.startswith(_OFFICE[kind]) for name in names)
    return has_parts and not any(macro in f"/{name}" or name.endswith(macro) for name in names for macro in _MACROS)
