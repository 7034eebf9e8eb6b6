"""The baroreflex, heart arm: sequences, transfer function, alpha index and closed loop; each says what it sees."""

from __future__ import annotations

from telemus.doors import open_door as _open_door

__all__, __getattr__, __dir__ = _open_door(
    __name__,
    {
        "autoregression": "ClosedLoop closed_loop",
        "products": "BAROREFLEX BAROREFLEX_SEQUENCES",
        "sequences": "Sequences baroreflex_sequences low_passed surrogate_counts",
        "table": "Beats reflex_rows sequence_rows",
        "transfer": "BandTransfer Transfer alpha_index band_transfer transfer_function",
    },
)
