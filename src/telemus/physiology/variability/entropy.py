"""Sample entropy, and the same over scales: how often what was alike stays alike one beat further."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError
from telemus.physiology.variability.time_statistics import series


def sample_entropy(values: ArrayLike, length: int = 2, share: float = 0.2) -> float:
    """Compute SampEn = -ln(A / B) of values (n,); NaN breaks the series, and no template reaches across a break.

    B counts pairs of templates of ``length`` values, and A those of one more, in which no two values differ by more
    than ``share`` of the standard deviation (n - 1) of the series; both over the same templates: Richman and Moorman
    2000, doi 10.1152/ajpheart.2000.278.6.H2039. NaN where A or B is 0: then the series is too short to say.

    >>> round(sample_entropy(np.tile([1.0, 2.0, 3.0, 2.0], 50)), 3)
    0.0
    """
    x = _checked("sample_entropy", values, length, share)
    return _entropy(x, length, share * _spread(x))


def multiscale_entropy(values: ArrayLike, scales: int = 20, length: int = 2, share: float = 0.2) -> NDArray[np.float64]:
    """Compute SampEn of the series averaged over 1, 2 ... ``scales`` values in a row (scales,).

    The tolerance is ``share`` of the standard deviation of the series at scale 1 for all scales: Costa et al. 2005, doi
    10.1103/PhysRevE.71.021906. Averages are taken within runs; NaN as in `sample_entropy`, which the first value
    equals.
    """
    from telemus.physiology.variability.entropy_kernel import coarse_grained

    x = _checked("multiscale_entropy", values, length, share)
    radius = share * _spread(x)
    series_at = (x if scale == 1 else coarse_grained(x, scale) for scale in range(1, scales + 1))
    return np.array([_entropy(one, length, radius) for one in series_at])


def _entropy(x: NDArray[np.float64], length: int, radius: float) -> float:
    from telemus.physiology.variability.entropy_kernel import template_matches

    if not radius > 0 or x.size < length + 2:
        return float("nan")
    shorter, longer = template_matches(x, length, radius)
    return float(np.log(shorter / longer)) if longer > 0 else float("nan")


def _spread(x: NDArray[np.float64]) -> float:
    known = x[np.isfinite(x)]
    return float(known.std(ddof=1)) if known.size > 1 else 0.0


def _checked(where: str, values: ArrayLike, length: int, share: float) -> NDArray[np.float64]:
    x = series(values)
    if length < 1 or not share > 0:
        raise SignalError(
            f"{where}: got templates of {length} and a tolerance of {share}, wanted at least 1 and above 0"
        )
    return np.where(np.isfinite(x), x, np.nan)
