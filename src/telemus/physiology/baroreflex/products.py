"""Declarations of the baroreflex: columns, units, parameters with their source."""

from __future__ import annotations

from telemus.product import Column, Parameter, Product

_WINDOW = Parameter("window_min", 15, "min", "length of a window; a whole number that divides 60", "assumption")

BAROREFLEX = Product(
    name="baroreflex",
    version=1,
    level=2,
    title="Transfer function from systolic pressure to interval, and closed loop",
    inputs=("beats_pressure",),
    columns=(
        Column("beats", "1", "beats of the window whose pressure and interval are kept"),
        Column("segments", "1", "segments without a gap that were averaged"),
        Column("gain_ms_mmhg", "ms/mmHg", "modulus of cross over pressure power in the band"),
        Column("gain_low", "ms/mmHg", "lower 95 % limit"),
        Column("gain_high", "ms/mmHg", "upper 95 % limit"),
        Column("phase_rad", "rad", "negative where the interval lags"),
        Column("phase_error_rad", "rad", "half width of its 95 % limits"),
        Column("coherence", "1", "mean squared coherence of the band, 0 to 1"),
        Column("coherence_level", "1", "what chance exceeds once in twenty: 1 - 0.05^(1/(K - 1))"),
        Column("coherent_share", "1", "share of the band's frequencies above that level"),
        Column("coherent_gain_ms_mmhg", "ms/mmHg", "mean gain over these only"),
        Column("alpha_ms_mmhg", "ms/mmHg", "root of interval power over pressure power, whatever the coherence"),
        Column("loop_gain_ms_mmhg", "ms/mmHg", "open-loop gain of the reflex, autoregressive pair"),
        Column("loop_phase_rad", "rad", "its phase"),
        Column("loop_beats", "1", "beats whose whole past is known"),
    ),
    parameters=(
        _WINDOW,
        Parameter("low_hz", 0.15, "Hz", "lower end of the band", "below it slow waves without a reflex: assumption"),
        Parameter("high_hz", 0.6, "Hz", "upper end of the band", "waves at 0.4 Hz lie inside: assumption"),
        Parameter("segment_s", 51.2, "s", "length of a segment, half overlapping", "Laude et al. 2009, PMC2810066"),
        Parameter("resample_hz", 20.0, "Hz", "rate of the cubic spline", "twice over 5 Hz, the top of HF bands"),
        Parameter("order", 10, "1", "beats that the autoregressive pair looks back", "one second at 600 bpm"),
    ),
    reference="Barbieri et al. 2001, doi 10.1109/51.917722; Pagani et al. 1988, doi 10.1161/01.HYP.12.6.600",
    notes={"definition": "telemus.physiology.baroreflex.reflex_rows"},
)

BAROREFLEX_SEQUENCES = Product(
    name="baroreflex_sequences",
    version=1,
    level=2,
    title="Baroreflex sequences, with and without respiration, beside those of chance",
    inputs=("beats_pressure",),
    columns=(
        Column("series", "", "raw, or low_passed: without what is faster than low_pass_hz"),
        Column("delay_beats", "1", "the interval of which beat after the systole is taken"),
        Column("up_n", "1", "sequences in which pressure and interval rise"),
        Column("down_n", "1", "sequences in which both fall"),
        Column("up_ms_mmhg", "ms/mmHg", "mean slope of those that rise"),
        Column("down_ms_mmhg", "ms/mmHg", "mean slope of those that fall"),
        Column("slope_ms_mmhg", "ms/mmHg", "mean slope of all"),
        Column("slope_sd_ms_mmhg", "ms/mmHg", "standard deviation of slopes, n - 1"),
        Column("ramps", "1", "ramps of systolic pressure alone"),
        Column("effectiveness", "1", "BEI: sequences over ramps"),
        Column("beats", "1", "beats whose pressure and interval are kept"),
        Column("chance_n", "1", "largest number of sequences in 39 surrogates: more are a reflex, at 2.5 %"),
    ),
    parameters=(
        _WINDOW,
        Parameter("least_beats", 3, "1", "beats of the shortest sequence", "Laude et al. 2009, PMC2810066"),
        Parameter("least_correlation", 0.0, "1", "least correlation within a sequence", "Laude 2009: no threshold"),
        Parameter("low_pass_hz", 0.8, "Hz", "cutoff of the low-passed series", "well below respiration at 2 to 4 Hz"),
    ),
    reference="Laude et al. 2009, PMC2810066; Di Rienzo et al. 2001, doi 10.1152/ajpregu.2001.280.3.R744",
    notes={"definition": "telemus.physiology.baroreflex.sequence_rows"},
)
