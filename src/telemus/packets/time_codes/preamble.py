"""The P-field: one or more octets that say which binary time code follows, and in which widths (301.0-B-4, 3.2 to 3.4).

::

    bit     0          1 2 3     4        5         6  7
    CUC     extension  001, 010  coarse octets - 1  fine octets       (clause 3.2.2)
    CDS     extension  100       epoch    day       below the ms      (clause 3.3.2)
    CCS     extension  101       calendar octets below the second     (clause 3.4.2)

A second octet of CUC adds coarse octets (bits 1 and 2) and fine octets (bits 3 to 5).
"""

from __future__ import annotations

from dataclasses import dataclass

from telemus.errors import ClockError

_CUC_1958, _CUC_AGENCY, _CDS, _CCS = 0b001, 0b010, 0b100, 0b101
_SUB_MS = (0, 2, 4)


@dataclass(frozen=True)
class CucPreamble:
    """Unsegmented code: octets of seconds (1 to 7) and of fractions (0 to 10); epoch 1958 TAI (level 1) or agency's."""

    coarse_octets: int = 4
    fine_octets: int = 3
    agency_epoch: bool = False

    def __post_init__(self) -> None:
        _require(1 <= self.coarse_octets <= 7, "CUC coarse octets", self.coarse_octets, "1 to 7")
        _require(0 <= self.fine_octets <= 10, "CUC fine octets", self.fine_octets, "0 to 10")

    @property
    def octets(self) -> int:
        """Return the length of the T-field [octets]."""
        return self.coarse_octets + self.fine_octets

    def to_bytes(self) -> bytes:
        """Return the P-field: one octet, or two where the widths need them."""
        coarse, fine = min(self.coarse_octets, 4), min(self.fine_octets, 3)
        more = (self.coarse_octets - coarse) << 5 | (self.fine_octets - fine) << 2
        code = _CUC_AGENCY if self.agency_epoch else _CUC_1958
        first = code << 4 | (coarse - 1) << 2 | fine
        return bytes([first | 0x80, more]) if more else bytes([first])


@dataclass(frozen=True)
class CdsPreamble:
    """Day segmented code: octets of the day (2, 3), below the millisecond (0, 2: us, 4: ps); epoch 1958 or agency's."""

    day_octets: int = 2
    sub_octets: int = 0
    agency_epoch: bool = False

    def __post_init__(self) -> None:
        _require(self.day_octets in (2, 3), "CDS octets of the day", self.day_octets, "2 or 3")
        _require(self.sub_octets in _SUB_MS, "CDS octets below the millisecond", self.sub_octets, "0, 2 or 4")

    @property
    def octets(self) -> int:
        """Return the length of the T-field [octets]."""
        return self.day_octets + 4 + self.sub_octets

    def to_bytes(self) -> bytes:
        """Return the P-field, one octet."""
        told = int(self.agency_epoch) << 3 | (self.day_octets - 2) << 2 | _SUB_MS.index(self.sub_octets)
        return bytes([_CDS << 4 | told])


@dataclass(frozen=True)
class CcsPreamble:
    """Calendar segmented code: day of the year, or month and day; octets below the second (0 to 6, two digits each)."""

    day_of_year: bool = False
    sub_octets: int = 0

    def __post_init__(self) -> None:
        _require(0 <= self.sub_octets <= 6, "CCS octets below the second", self.sub_octets, "0 to 6")

    @property
    def octets(self) -> int:
        """Return the length of the T-field [octets]."""
        return 7 + self.sub_octets

    def to_bytes(self) -> bytes:
        """Return the P-field, one octet."""
        return bytes([_CCS << 4 | int(self.day_of_year) << 3 | self.sub_octets])


Preamble = CucPreamble | CdsPreamble | CcsPreamble


def read_preamble(octets: bytes) -> tuple[Preamble, int]:
    """Return the P-field at the beginning of some octets, and its length [octets].

    Raises ClockError where it is cut, of a code that this is not (agency-defined codes, 110), or of a reserved value.

    >>> read_preamble(bytes([0x2F]))
    (CucPreamble(coarse_octets=4, fine_octets=3, agency_epoch=True), 1)
    """
    if not octets:
        raise ClockError("P-field: got no octet, wanted one or more")
    first = octets[0]
    code, extended = first >> 4 & 7, bool(first & 0x80)
    if code in (_CUC_1958, _CUC_AGENCY):
        coarse, fine = (first >> 2 & 3) + 1, first & 3
        if extended:
            _require(len(octets) > 1, "P-field octets", len(octets), "a second one, for the first announces it")
            _require(octets[1] < 0x80, "second octet of the P-field", hex(octets[1]), "no third octet")
            coarse, fine = coarse + (octets[1] >> 5 & 3), fine + (octets[1] >> 2 & 7)
        return CucPreamble(coarse, fine, code == _CUC_AGENCY), 1 + extended
    _require(not extended, "P-field", hex(first), "no second octet in this code")
    if code == _CDS:
        _require(first & 3 < 3, "CDS P-field", hex(first), "bits 6 and 7 other than 11, which is reserved")
        return CdsPreamble(3 if first & 4 else 2, _SUB_MS[first & 3], bool(first & 8)), 1
    if code == _CCS:
        return CcsPreamble(bool(first & 8), first & 7), 1
    raise ClockError(f"P-field: got code {code:03b}, wanted 001 or 010 (CUC), 100 (CDS) or 101 (CCS)")


def _require(holds: bool, what: str, got: object, wanted: str) -> None:
    if not holds:
        raise ClockError(f"{what}: got {got}, wanted {wanted}")
