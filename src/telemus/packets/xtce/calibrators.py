"""Read calibrators: polynomial, spline and postfix formula, by default or in a context."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from telemus.packets.xtce.conditions import read_match
from telemus.packets.xtce.document import child, elements, local_name, named
from telemus.packets.xtce.formula import check_formula
from telemus.packets.xtce.model import Calibrator, ContextCalibrator, Instance, MathOperation, Polynomial, Spline

if TYPE_CHECKING:
    from lxml import etree

    from telemus.packets.xtce.conditions import NameLookup
    from telemus.packets.xtce.findings import Findings

_MAX_EXPONENT = 32
_MAX_ORDER = 9
"""Of a spline: more makes polynomials that swing between their points."""
_NO_STEPS = frozenset(["AncillaryDataSet", "TriggerSet"])
UNKNOWN = Polynomial((float("nan"),))
"""Stands for a calibrator that cannot be applied: calibrated values are NaN, raw ones are there."""


class Calibration(NamedTuple):
    """What a data encoding says of calibration: a default and, before it, calibrators of contexts."""

    default: Calibrator | None = None
    contexts: tuple[ContextCalibrator, ...] = ()


def read_calibration(encoding: etree._Element, resolve: NameLookup, findings: Findings) -> Calibration:
    """Return the calibrators below a data encoding.

    One that is not supported or has no sense is noted, and its calibrated values are NaN.
    """
    default = child(encoding, "DefaultCalibrator")
    contexts: list[ContextCalibrator] = []
    for one in elements(child(encoding, "ContextCalibratorList")):
        match, holder = child(one, "ContextMatch"), child(one, "Calibrator")
        if match is None or holder is None:
            findings.fault(one, "no ContextMatch or no Calibrator", "both")
            continue
        condition, why = read_match(match, resolve, findings)
        calibrator = _read_calibrator(holder, resolve, findings)
        if condition is None or why:  # which values it would have been for is not known
            return Calibration(UNKNOWN)
        contexts.append(ContextCalibrator(condition, calibrator))
    return Calibration(None if default is None else _read_calibrator(default, resolve, findings), tuple(contexts))


def _read_calibrator(holder: etree._Element, resolve: NameLookup, findings: Findings) -> Calibrator:
    for one in elements(holder):
        tag = local_name(one)
        if tag == "PolynomialCalibrator":
            return _polynomial(one, findings)
        if tag == "SplineCalibrator":
            return _spline(one, findings)
        if tag == "MathOperationCalibrator":
            return read_formula(one, resolve, findings) or UNKNOWN
    names = ", ".join(local_name(extra) for extra in elements(holder))
    findings.not_supported(holder, f"the calibrator {names or 'without content'}")
    return UNKNOWN


def _polynomial(holder: etree._Element, findings: Findings) -> Polynomial:
    terms: dict[int, float] = {}
    for term in named(holder, "Term"):
        exponent = findings.integer(term, term.get("exponent"))
        if exponent < 0:
            findings.fault(term, f"exponent {exponent}", "0 or more")
            continue
        if exponent > _MAX_EXPONENT:
            findings.not_supported(term, f"a polynomial of degree {exponent}")
            return UNKNOWN
        terms[exponent] = terms.get(exponent, 0.0) + findings.number(term, term.get("coefficient"))
    return Polynomial(tuple(terms.get(power, 0.0) for power in range(max(terms, default=-1) + 1)))


def _spline(holder: etree._Element, findings: Findings) -> Calibrator:
    general = findings.integer(holder, holder.get("order"), 1)
    points = sorted(
        (
            findings.number(one, one.get("raw")),
            findings.number(one, one.get("calibrated")),
            findings.integer(one, one.get("order"), general),
        )
        for one in named(holder, "SplinePoint")
    )
    highest = max((order for *_, order in points), default=general)
    if not 0 <= highest <= _MAX_ORDER or len(points) < max(2, highest + 1):
        findings.not_supported(holder, f"a spline of order {highest} with {len(points)} points")
        return UNKNOWN
    raw, calibrated, orders = zip(*points, strict=True)
    return Spline(orders, raw, calibrated, findings.flag(holder, "extrapolate", False))


def read_formula(holder: etree._Element, resolve: NameLookup, findings: Findings) -> MathOperation | None:
    """Return the postfix formula of a math operation, None (and a note) if it cannot be run."""
    steps: list[float | str | Instance] = []
    for one in elements(holder):
        tag = local_name(one)
        if tag in _NO_STEPS:
            continue
        if tag == "ValueOperand":
            steps.append(findings.number(one, one.text))
        elif tag == "ThisParameterOperand":
            steps.append("x")
        elif tag == "Operator":
            steps.append((one.text or "").strip())
        elif tag == "ParameterInstanceRefOperand" and findings.integer(one, one.get("instance"), 0) == 0:
            parameter = resolve(one, "parameter", one.get("parameterRef", ""))
            steps.append(Instance(parameter, findings.flag(one, "useCalibratedValue", True)))
        else:
            findings.not_supported(one, f"the operand {tag}")
            return None
    trouble = check_formula(steps)
    if trouble:
        findings.not_supported(holder, f"a postfix formula with {trouble}")
        return None
    return MathOperation(tuple(steps))
