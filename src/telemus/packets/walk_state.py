"""Name what the compiled walk remembers and says: slots of its state, modes, verdicts, rules, reasons.

``state`` (STATE_SIZE,) int64 is all that the kernels of ``walk_kernel`` and ``seal_kernel`` share besides arrays.
``rules`` is (2048, RULES) int64: known (0/1), shortest, longest [bytes], checksum (0/1), and how many packets
of an APID that the definition does not have the stream has shown.
"""

from __future__ import annotations

POSITION, MODE, REASON, NEWCOMERS, TRUSTED, PACKETS, RANGES, FINAL, PREFIX, MASK, GUARDED = range(11)
PLACE, KIND, END, DOUBTFUL_END, DOUBTFUL_KIND, VERDICT, CAUSE, SCANNED, SEALED, SUMMED, REFUTED = range(11, 22)
STATE_SIZE = 22

SYNCED, SEARCHING, INSIDE = 0, 1, 2  # INSIDE: a packet is doubtful, and a believable one is looked for inside it
UNRECOGNISED, DAMAGED, TRUNCATED, CHECKSUM, LENGTH = range(5)
REASONS = ("no packet recognised", "damaged packet", "truncated", "checksum", "length not as defined")
NONE, STRANGER, FAMILIAR = 0, 1, 2
WAIT, NO, UNVERIFIED, BY_NEIGHBOUR, BY_CHECKSUM = -1, 0, 1, 2, 3
NOWHERE = 1 << 62

KNOWN_RULE, SHORTEST_RULE, LONGEST_RULE, CHECKSUM_RULE, SEEN_RULE = range(5)
RULES = 5
LEARNT_AFTER = 3
"""Packets of a new APID, each with a believable chain behind it, that make it familiar."""
