"""Files that people of the demo show as evidence, made here so that nothing foreign is shipped."""

import struct
import zlib
from itertools import accumulate

WIDTH, HEIGHT = 240, 80
_FONTS = b"<< /F1 5 0 R >>"
_PAPER, _INK = b"\xff\xff\xff", b"\x1d\x4e\x89"


def letter(*lines: str) -> bytes:
    """A PDF of one page with these lines; plain ASCII only."""
    text = " ".join(f"({line}) Tj T*" for line in lines)
    page = f"BT /F1 12 Tf 60 780 Td 18 TL {text} ET".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font %s >> >>" % _FONTS,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    parts = [b"%PDF-1.4\n", *(b"%d 0 obj\n%s\nendobj\n" % item for item in enumerate(objects, start=1))]
    *places, end = accumulate(len(part) for part in parts)
    count = len(objects) + 1
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
    return b"".join(parts) + tail + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, end)


def chart(*heights: int) -> bytes:
    """A PNG of bars, each so many of `HEIGHT` pixels high."""
    slot = WIDTH // len(heights)
    bars = [heights[min(x // slot, len(heights) - 1)] if x % slot < slot * 2 // 3 else 0 for x in range(WIDTH)]
    rows = [b"\0" + b"".join(_INK if HEIGHT - y <= bar else _PAPER for bar in bars) for y in range(HEIGHT)]
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(b"".join(rows)))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def minutes(*lines: str) -> bytes:
    """Minutes of a meeting as a text file."""
    return "\n".join(lines).encode()
