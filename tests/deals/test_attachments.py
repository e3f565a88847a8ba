"""Files as evidence: which are taken, under which names, and that nothing but bytes comes back."""

from hashlib import sha256
from io import BytesIO
from zipfile import ZipFile

import pytest

from common.errors import Refused
from common.models import AuditEntry
from deals.actions import attachments
from deals.actions.attachments import attach
from deals.models import Attachment, Registration
from deals.rules.evidence import MAX_BYTES, MAX_FILES, evidence_of, file_is_evidence, may_be_added, safe_name
from tests.factories.deals import drafted, registered


def codes(caught) -> tuple[str, ...]:
    return tuple(reason.code for reason in caught.value.reasons)


def zipped(*names: str) -> bytes:
    packed = BytesIO()
    with ZipFile(packed, "w") as parts:
        for name in names:
            parts.writestr(name, "<x/>")
    return packed.getvalue()


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 17
JPG = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\0" * 20
WEBP = b"RIFF\x10\0\0\0WEBPVP8 " + b"\0" * 20
PDF = b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF"
EML = b"From: a@example.com\r\nSubject: Offer\r\n\r\nHello"
TYPES = "[Content_Types].xml"
DOCX, XLSX, PPTX = (zipped(TYPES, part) for part in ("word/document.xml", "xl/workbook.xml", "ppt/presentation.xml"))
HTML, SVG = b"<!DOCTYPE html><script>alert(1)</script>", b"<svg xmlns='http://www.w3.org/2000/svg'/>"
DIFFERS, UNKNOWN = ("attachment.content_differs",), ("attachment.kind_unknown",)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.pdf", PDF, ()),
        ("a.png", PNG, ()),
        ("A.PNG", PNG, ()),
        ("a.jpg", JPG, ()),
        ("a.jpeg", JPG, ()),
        ("a.webp", WEBP, ()),
        ("a.txt", b"Signed on Monday.", ()),
        ("a.txt", "Podpisano w poniedziałek.".encode("cp1250"), ()),
        ("a.txt", "Utf-16 too".encode("utf-16"), ()),
        ("a.csv", b"a;b\n1;2\n", ()),
        ("a.eml", EML, ()),
        ("a.docx", DOCX, ()),
        ("a.xlsx", XLSX, ()),
        ("a.pptx", PPTX, ()),
        ("a.html", HTML, UNKNOWN),
        ("a.svg", SVG, UNKNOWN),
        ("a.exe", b"MZ\x90\0", UNKNOWN),
        ("a.zip", zipped("a"), UNKNOWN),
        ("a.docm", DOCX, UNKNOWN),
        ("a.pdf.exe", PDF, UNKNOWN),
        ("pdf", PDF, ("attachment.name_invalid",)),
        (".pdf", PDF, ("attachment.name_invalid",)),
        ("", PDF, ("attachment.name_invalid",)),
        ("a.pdf", HTML, DIFFERS),
        ("a.pdf", b"MZ\x90\0" + PDF, DIFFERS),
        ("a.png", JPG, DIFFERS),
        ("a.jpg", SVG, DIFFERS),
        ("a.txt", HTML, DIFFERS),
        ("a.txt", b"  \n<svg onload=alert(1)>", DIFFERS),
        ("a.txt", "\ufeff<html>".encode(), DIFFERS),
        ("a.txt", "<html>".encode("utf-16"), DIFFERS),
        ("a.csv", b"MZ\x90\0\x01", DIFFERS),
        ("a.eml", b"Just text", DIFFERS),
        ("a.docx", XLSX, DIFFERS),
        ("a.docx", zipped("a"), DIFFERS),
        ("a.docx", b"PK\x03\x04broken", DIFFERS),
        ("a.xlsx", zipped(TYPES, "xl/workbook.xml", "xl/vbaProject.bin"), DIFFERS),
        ("a.docx", zipped(TYPES, "word/document.xml", "word/activeX/activeX1.xml"), DIFFERS),
        ("a.docx", zipped(TYPES, "word/document.xml", "word/embeddings/a.exe"), DIFFERS),
        ("a.pdf", b"", ("attachment.empty",)),
        ("a.txt", b"x" * (MAX_BYTES - 1), ()),
        ("a.txt", b"x" * MAX_BYTES, ()),
        ("a.txt", b"x" * (MAX_BYTES + 1), ("attachment.too_large",)),
        ("a.exe", b"", ("attachment.empty", "attachment.kind_unknown")),
    ],
)
def test_which_files_are_taken(name, content, expected):
    assert file_is_evidence(name, content).codes == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("offer.pdf", "offer.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\me\\offer.pdf", "offer.pdf"),
        ("offer\u202efdp.exe.pdf", "offer fdp.exe.pdf"),
        ("of\x00fer\r\nSet-Cookie: a.pdf", "of fer Set-Cookie_ a.pdf"),
        ('a"b<c>.pdf', "a_b_c_.pdf"),
        ("  offer .pdf. ", "offer .pdf"),
        ("Zażółć gęślą.pdf", "Zażółć gęślą.pdf"),
        ("合同.pdf", "合同.pdf"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("no extension", ""),
        ("..", ""),
    ],
)
def test_names_are_cleaned(name, expected):
    assert safe_name(name) == expected
    assert len(safe_name(name)) <= 120


def test_the_kind_follows_from_the_name():
    assert evidence_of("Scan.JPEG").kind == "jpg"


@pytest.mark.parametrize(("count", "allowed"), [(MAX_FILES - 1, True), (MAX_FILES, False), (MAX_FILES + 1, False)])
def test_how_many(count, allowed):
    assert may_be_added(count).allowed is allowed


def test_a_file_is_kept_with_its_digest(channel, now):
    deal = registered(channel, at=now)
    kept = attach(deal.pk, name="../offer.pdf", content=PDF, stream="shared", by=channel.seller, at=now)
    assert (kept.name, kept.kind, kept.size, kept.is_from_vendor) == ("offer.pdf", "pdf", len(PDF), False)
    assert kept.digest == sha256(PDF).hexdigest()
    assert bytes(kept.content.content) == PDF
    assert AuditEntry.objects.get(event="attachment.added").facts["digest"] == kept.digest


def test_refusals_leave_nothing(channel, now):
    deal, draft = registered(channel, at=now), drafted(channel, at=now)
    for by, on, stream, expected in [
        (channel.rival_seller, deal, "shared", "actor.not_permitted"),
        (channel.seller, deal, "internal", "registration.choice_invalid"),
        (channel.seller, draft, "shared", "registration.status"),
    ]:
        with pytest.raises(Refused) as caught:
            attach(on.pk, name="a.pdf", content=PDF, stream=stream, by=by, at=now)
        assert codes(caught) == (expected,)
    with pytest.raises(Refused) as caught:
        attach(deal.pk, name="a.pdf", content=HTML, stream="bogus", by=channel.seller, at=now)
    assert codes(caught) == ("registration.choice_invalid", "attachment.content_differs")
    assert not Attachment.objects.exists()


def test_the_vendor_s_own_files_do_not_show_in_the_partner_s_number(channel, now, monkeypatch):
    monkeypatch.setattr("deals.rules.evidence.MAX_FILES", 1)
    deal: Registration = registered(channel, at=now)
    for stream, by in (("internal", channel.manager), ("shared", channel.seller)):
        attachments.attach(deal.pk, name="a.pdf", content=PDF, stream=stream, by=by, at=now)
        with pytest.raises(Refused) as caught:
            attachments.attach(deal.pk, name="a.pdf", content=PDF, stream=stream, by=by, at=now)
        assert codes(caught) == ("attachment.too_many",)
