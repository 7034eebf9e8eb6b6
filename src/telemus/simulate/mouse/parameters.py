"""The numbers that make one simulated mouse, and the spread between mice."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class MouseParameters:
    """One animal. Values without another source are chosen so that the norms below come out.

    Norms: telemetered mice, 2-minute means over 4 days (SBP 122-128, DBP 90-97, MAP 101-107 mmHg with SD 13-15, HR
    509-522 bpm with SD 87-102, 34.9 degC, dark minus light +12 mmHg, +15 to +31 bpm, +0.5 to +0.9 degC, 70 % of bins at
    the floor of activity, active bins about +100 bpm and +15 to +18 mmHg), computed from the recordings of telemetRy
    (GPL-3); short-term variances with and without baroreceptors from AJP Heart 2005;289:H1968.

    Attributes:
        mean_pressure_mmhg: mean arterial pressure, time average over days [mmHg].
        rate_bpm: heart rate, time average over days [bpm].
        pulse_pressure_mmhg: pulse pressure at the mean rate [mmHg].
        pressure_circadian_mmhg, rate_circadian_bpm, temperature_circadian_degc: half of the swing between the middle of
            light and the middle of dark, at rest [mmHg, bpm, degC].
        pressure_arousal_mmhg, rate_arousal_bpm: SD of the slow wandering common to both [mmHg, bpm].
        pressure_active_mmhg, rate_active_bpm: rise in a strong bout of activity [mmHg, bpm].
        activity_threshold: drive above which the animal moves [SD of its drive]; activity_circadian: half of its swing.
        activity_counts_10s: counts in 10 s of unit drive above the threshold.
        temperature_degc, temperature_active_degc: mean, and rise per unit of activity smoothed over 20 min [degC].
        respiration_hz, respiration_pressure_mmhg, respiration_interval_ms: rate, amplitude in pressure and amplitude
            in the interval [Hz, mmHg, ms].
        mayer_hz, mayer_mmhg: frequency and SD of the sympathetic wave [Hz, mmHg].
        wander_mmhg: SD of the pressure's disturbances slower than 1 Hz [mmHg].
        interval_wander_ms: SD of the interval's own wander slower than 0.1 Hz [ms].
        interval_noise_ms: SD of the beat-to-beat noise of the interval [ms].
        stroke_noise: SD of the beat-to-beat noise of the ejected volume, as a share of it.
        reflex_on: whether the baroreflex works.
        reflex_gain_ms_mmhg, reflex_delay_beats, reflex_lag_s: static gain of the interval on systolic pressure, whole
            beats of delay, and time constant of its first-order lag [ms/mmHg, beats, s].
        unbuffered_wander, unbuffered_respiration, unbuffered_interval: what the reflex off does to the disturbances of
            pressure that its vascular arm otherwise buffers: factors on wander, on respiration, and on the interval's
            respiration.
        decay_s: time constant of the diastolic decay [s].
        upstroke_s: SD of the ejection's Gaussian flow [s].
        notch_delay_s, notch_weight, reflection_delay_s, reflection_weight: valve closure and reflected wave, after the
            middle of ejection, as shares of the ejected volume.
        rate_amplitude_exponent: how the stroke shrinks as the beat shortens.
        filling_exponent: how one stroke follows the interval before it.
        ejection_delay_s: R wave to the middle of ejection [s].
        circulatory_filling_mmhg: pressure that is left when the heart has stopped [mmHg].
        ectopic_share: share of beats that are premature ventricular.
        ecg_r_mv, ecg_noise_mv: R wave in a good posture; muscle noise SD in a strong bout [mV].
        posture_s: mean time between changes of posture [s].
        inverted_share, tall_t_share: share of postures with inverted complexes, and with a T wave taller than R.
        artefact_share: share of slots of 20 s in a bout of activity with a burst that buries the ECG.
    """

    mean_pressure_mmhg: float = 104.0
    rate_bpm: float = 515.0
    pulse_pressure_mmhg: float = 31.5
    pressure_circadian_mmhg: float = 5.8
    rate_circadian_bpm: float = 2.0
    temperature_circadian_degc: float = 0.33
    pressure_arousal_mmhg: float = 7.5
    rate_arousal_bpm: float = 70.0
    pressure_active_mmhg: float = 23.0
    rate_active_bpm: float = 160.0
    activity_threshold: float = 0.75
    activity_circadian: float = 0.30
    activity_counts_10s: float = 12.0
    temperature_degc: float = 34.9
    temperature_active_degc: float = 0.9
    respiration_hz: float = 3.0
    respiration_pressure_mmhg: float = 2.4
    respiration_interval_ms: float = 1.6
    mayer_hz: float = 0.4
    mayer_mmhg: float = 1.8
    wander_mmhg: float = 2.2
    interval_wander_ms: float = 3.2
    interval_noise_ms: float = 1.3
    stroke_noise: float = 0.02
    reflex_on: bool = True
    reflex_gain_ms_mmhg: float = 1.9
    reflex_delay_beats: int = 2
    reflex_lag_s: float = 0.30
    unbuffered_wander: float = 2.1
    unbuffered_respiration: float = 1.8
    unbuffered_interval: float = 1.3
    decay_s: float = 0.25
    upstroke_s: float = 0.0050
    notch_delay_s: float = 0.021
    notch_weight: float = -0.14
    reflection_delay_s: float = 0.034
    reflection_weight: float = 0.16
    rate_amplitude_exponent: float = 0.5
    filling_exponent: float = 0.6
    ejection_delay_s: float = 0.018
    circulatory_filling_mmhg: float = 9.0
    ectopic_share: float = 0.0005
    ecg_r_mv: float = 0.9
    ecg_noise_mv: float = 0.04
    posture_s: float = 600.0
    inverted_share: float = 0.35
    tall_t_share: float = 0.15
    artefact_share: float = 0.06


def stressed(mouse: MouseParameters) -> MouseParameters:
    """Return the same animal under the stress of arrhythmia, motion, and tall and inverted waves.

    One beat in 200 is premature, a burst buries part of every other slot of a bout, half of the postures are inverted
    and a third have tall T waves, and the posture changes every five minutes.

    Args:
        mouse: the animal.

    >>> stressed(MouseParameters()).ectopic_share
    0.005
    """
    return replace(
        mouse,
        ectopic_share=0.005,
        artefact_share=0.5,
        inverted_share=0.5,
        tall_t_share=0.35,
        posture_s=300.0,
        ecg_noise_mv=2.0 * mouse.ecg_noise_mv,
    )


def draw_parameters(seed: int) -> MouseParameters:
    """Draw the parameters of one individual.

    The spread between animals is that between the group means of the norms, not that within a day.

    Args:
        seed: of the animal; the same seed gives the same animal.

    >>> round(draw_parameters(1).mean_pressure_mmhg) in range(98, 111)
    True
    """
    rng = np.random.default_rng([seed & 0xFFFFFFFF, 0x6D757321])

    def near(value: float, spread: float) -> float:
        return value + spread * float(np.clip(rng.standard_normal(), -2.0, 2.0))

    mouse = MouseParameters()
    return replace(
        mouse,
        mean_pressure_mmhg=near(104.0, 2.0),
        rate_bpm=near(515.0, 8.0),
        pulse_pressure_mmhg=near(31.5, 1.0),
        pressure_circadian_mmhg=near(mouse.pressure_circadian_mmhg, 0.5),
        activity_threshold=near(mouse.activity_threshold, 0.05),
        activity_counts_10s=near(12.0, 3.0),
        temperature_degc=near(34.9, 0.2),
        respiration_hz=near(3.0, 0.3),
        mayer_hz=near(0.4, 0.03),
        reflex_gain_ms_mmhg=near(1.9, 0.25),
        upstroke_s=near(0.0050, 0.0003),
        notch_delay_s=near(0.021, 0.001),
        reflection_delay_s=near(0.034, 0.0015),
        reflection_weight=near(0.16, 0.02),
        ejection_delay_s=near(0.018, 0.001),
        ectopic_share=near(0.0005, 0.0002),
        ecg_r_mv=near(0.9, 0.15),
    )
