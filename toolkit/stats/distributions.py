"""Shares and quantiles of the normal, t, beta, F, chi-square and binomial distributions.

Each takes numbers or arrays of one shape; numbers stay Python floats, which spares NumPy's overhead of single values.
They agree with mpmath to 1e-12 of the smaller tail up to 10,000 degrees of freedom and to 1e-10 beyond.

Incomplete beta: the continued fraction 8.17.22 of DLMF, as a + n1 x / (a + 1 + n2 x / (a + 2 + ...)), read from its
end. Incomplete gamma: the series 8.7.1 and the continued fraction 8.9.2. Gamma functions: Stirling's series, shifted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist
from typing import Any, TypeVar, overload

import numpy as np

from toolkit.errors import InputError
from toolkit.stats.cells import FloatArray

_CHUNK = 4096
"""Values at a time: their intermediate arrays stay in the processor's cache."""
_SETTLED = 1e-9
"""A step of Newton's whose square is lost in rounding: the one that was taken was the last."""
_MOST_STEPS = 200
_HALF = 0.5
_STANDARD = NormalDist()

Numbers = TypeVar("Numbers", float, FloatArray)


def logistic(log_odds: Numbers) -> Numbers:
    """Return 1 / (1 + exp(-x)), exact in both tails."""
    if isinstance(log_odds, np.ndarray):
        small = np.exp(-np.abs(log_odds))
        return np.where(log_odds < 0.0, small, 1.0) / (1.0 + small)
    small = math.exp(-abs(log_odds))
    return (small if log_odds < 0.0 else 1.0) / (1.0 + small)


def normal_quantile(share: float) -> float:
    """Return the value below which a share of the standard normal distribution lies."""
    return _STANDARD.inv_cdf(share)


# ln of exp(x^2) erfc(x) / t, with t = 2 / (2 + x), as a polynomial in 2t - 1: Chebyshev's expansion, worked out to 60
# digits and cut where it passes below 1e-16.
_ERFC = (
    -0.6717940840566946, 0.6726432239776038, 0.04734330684274258, -0.04689561022530657, -0.00987268941618808,
    0.00882493836547178, 0.0017589347147318446, -0.0023458096123069824, -0.00014626076844591326, 0.0006736545060557837,
    -9.363596009835026e-05, -0.00017417707047065267, 7.094956203993994e-05, 3.132011424222023e-05,
    -2.8813988341904456e-05, 1.1006848149123844e-06, 5.709728924490195e-06, -4.424196109099286e-06,
    2.7828905922289283e-06, 2.7632420917092753e-06, -4.049568025427917e-06, -1.246492823793695e-06,
    2.543639289304854e-06, 3.869876871168969e-07, -8.945591215783449e-07, -5.8538577067036616e-08,
    1.3919622452955935e-07,
)  # fmt: skip


def normal_below(values: Numbers) -> Numbers:
    """Return the share of the standard normal distribution below each value."""
    if not isinstance(values, np.ndarray):
        return _HALF * math.erfc(-values / math.sqrt(2.0))
    return _in_chunks(_below_normal, values)


def _below_normal(values: FloatArray) -> FloatArray:
    size = np.abs(values) / math.sqrt(2.0)
    part = 2.0 / (2.0 + size)
    place = 2.0 * part - 1.0
    found = np.full_like(place, _ERFC[-1])
    for coefficient in _ERFC[-2::-1]:
        found *= place
        found += coefficient
    tail = _HALF * part * np.exp(found - size * size)
    return np.where(values < 0.0, tail, 1.0 - tail)


@overload
def t_below(degrees: float, values: float) -> float: ...
@overload
def t_below(degrees: FloatArray, values: FloatArray) -> FloatArray: ...
def t_below(degrees: Any, values: Any) -> Any:
    """Return the share of Student's t distribution below each value; NaN without degrees of freedom above 0."""
    if isinstance(values, np.ndarray):
        return _in_chunks(_t_below_all, degrees, values)
    if not (degrees > 0.0 and values == values):  # noqa: PLR0124 - NaN alone differs from itself
        return math.nan
    degrees, size = min(degrees, _ENDLESS), min(abs(values), _MOST_SIZE)
    above, _ = _t_tail(degrees, size, is_central=size * size < _centre(degrees))
    return above if values < 0.0 else 1.0 - above


_ENDLESS = 1e17
"""Degrees of freedom from which on a double cannot tell t from normal."""
_MOST_SIZE = 1e150
"""A double holds its square."""
_FAR, _CENTRAL_TERMS, _TAIL_TERMS = 9.0, 16, 24
"""Where t^2 is far out for many degrees, and how many terms either side of there takes to 1e-16."""


def _centre(degrees: Any) -> Any:
    """Return the t^2 up to which the share from 0 to t is quicker than the tail, which is then 1e-3 or more."""
    if isinstance(degrees, np.ndarray):
        return np.where(degrees < 1.0, 3.0 * degrees / (degrees + 2.0), np.minimum(1.0 + degrees, _FAR))
    return 3.0 * degrees / (degrees + 2.0) if degrees < 1.0 else min(1.0 + degrees, _FAR)


def _t_below_all(degrees: FloatArray, values: FloatArray) -> FloatArray:
    above, _ = _t_tails(_hold(degrees), np.minimum(np.abs(values), _MOST_SIZE))
    return np.where(values < 0.0, above, 1.0 - above)


def _hold(degrees: FloatArray) -> FloatArray:
    return np.minimum(np.where(degrees > 0.0, degrees, np.nan), _ENDLESS)


def _t_tails(degrees: FloatArray, sizes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the shares above sizes of 0 or more, and the densities there."""
    central = sizes * sizes < _centre(degrees)
    above, density = np.empty_like(sizes), np.empty_like(sizes)
    for is_central, chosen in ((True, central), (False, ~central)):
        if chosen.all():
            return _t_tail(degrees, sizes, is_central=is_central)
        if chosen.any():
            above[chosen], density[chosen] = _t_tail(degrees[chosen], sizes[chosen], is_central=is_central)
    return above, density


def _t_tail(degrees: Any, size: Any, *, is_central: bool) -> tuple[Any, Any]:
    """Return the share above size >= 0, by way of the share between 0 and it if that is quicker, and the density."""
    square = size * size
    whole = degrees + square
    density = _t_density(degrees, square)
    if is_central:
        inside = size * density * _fraction(_HALF, degrees * _HALF, square / whole, _CENTRAL_TERMS)
        return _HALF - _HALF * inside, density
    return _HALF * size * density * _fraction(degrees * _HALF, _HALF, degrees / whole, _TAIL_TERMS), density


def _t_density(degrees: Any, square: Any) -> Any:
    """Return the density of t where its square is this."""
    log1p, exp, sqrt = (np.log1p, np.exp, np.sqrt) if isinstance(square, np.ndarray) else _PLAIN
    kernel = exp(-_HALF * (degrees + 1.0) * log1p(square / degrees))
    return _gamma_ratio(degrees * _HALF) * kernel / sqrt(degrees * math.pi)


_PLAIN: tuple[Callable[[float], float], ...] = (math.log1p, math.exp, math.sqrt)
# Gamma(z + 3/4) / Gamma(z + 1/4) is sqrt(z) times this series in 1 / z^2; worked out to 40 digits.
_RATIO = (
    1.0, 0.015625, -0.0023193359375, 0.0012035369873046875, -0.00129876285791397095, 0.00238555751275271177,
    -0.0066709634620565339, 0.0264121546600648571,
)  # fmt: skip
_ASYMPTOTIC = 10


def _gamma_ratio(a: Any) -> Any:
    """Return Gamma(a + 1/2) / Gamma(a)."""
    least = a.min(initial=_ASYMPTOTIC) if isinstance(a, np.ndarray) else a
    factor, shift = 1.0, 0
    if not least >= _ASYMPTOTIC:
        shift = _ASYMPTOTIC
        for step in range(shift):
            factor = factor * ((a + step) / (a + (step + _HALF)))
    z = a + (shift - 0.25)
    inverse = 1.0 / (z * z)
    series = _RATIO[-1]
    for coefficient in _RATIO[-2::-1]:
        series = series * inverse + coefficient
    return factor * series * (np.sqrt(z) if isinstance(z, np.ndarray) else math.sqrt(z))


def _fraction(a: Any, b: Any, x: Any, terms: int) -> Any:
    """Return 1 / (a + n1 x / (a + 1 + n2 x / (a + 2 + ...))), whose product with x^a (1-x)^b / B(a, b) is I_x(a, b)."""
    found = a + 2.0 * terms
    for m in range(terms, 0, -1):
        found = (a + (2 * m - 1)) + m * (b - m) * x / found
        raised = a + (m - 1)
        found = (raised + (m - 1)) - raised * (raised + b) * x / found
    return 1.0 / found


@overload
def t_quantile(degrees: float, share: float) -> float: ...
@overload
def t_quantile(degrees: FloatArray, share: float) -> FloatArray: ...
def t_quantile(degrees: Any, share: float) -> Any:
    """Return the value below which a share of Student's t distribution lies; NaN without degrees above 0."""
    if not 0.0 < share < 1.0:
        raise InputError(f"share is {share}: a quantile takes a number between 0 and 1, such as 0.975")
    tail = min(share, 1.0 - share)
    if isinstance(degrees, np.ndarray):
        found: Any = _in_chunks(lambda part: _t_far(part, tail), np.asarray(degrees, dtype=np.float64))
    else:
        found = _t_far_once(float(degrees), tail)
    return found if share >= _HALF else -found


@lru_cache(maxsize=4096)
def _t_far_once(degrees: float, tail: float) -> float:
    """Return the value above which a tail lies, for one number."""
    if not degrees > 0.0:
        return math.nan
    if tail == _HALF:
        return 0.0
    degrees = min(degrees, _ENDLESS)
    size = float(_start_t(degrees, tail))
    if size > _POWER_LAW:
        return size
    for _ in range(_MOST_STEPS):
        above, density = _t_tail(degrees, size, is_central=size * size < _centre(degrees))
        lack = (above - tail) / density if density > 0.0 else math.inf
        if abs(lack) > _CLOSE * size:
            size *= math.exp(_step_far(above, density * size, tail, math.log)) if min(above, density) > 0.0 else _HALF
            continue
        change = lack * _bend(degrees, size, lack)
        size += change
        if abs(change) < _NEAR * size:
            break
    return size


def _t_far(degrees: FloatArray, tail: float) -> FloatArray:
    if tail == _HALF:
        return np.where(degrees > 0.0, 0.0, np.nan)
    sizes = np.full_like(degrees, np.nan)
    left = np.flatnonzero(degrees > 0.0)
    held = np.minimum(degrees[left], _ENDLESS)
    sizes[left] = size = _start_t(held, tail)
    inside = size <= _POWER_LAW
    left, held, size = left[inside], held[inside], size[inside]
    for _ in range(_MOST_STEPS):
        above, density = _t_tails(held, size)
        lack = (above - tail) / density
        change = lack * _bend(held, size, lack)
        far = ~(np.abs(lack) <= _CLOSE * size)
        if far.any():
            step = np.nan_to_num(_step_far(above, density * size, tail, np.log), nan=-_HALF, posinf=3.0, neginf=-3.0)
            change = np.where(far, size * np.expm1(np.clip(step, -3.0, 3.0)), change)
        size = size + change
        sizes[left] = size
        again = far | (np.abs(change) >= _NEAR * size)
        if not again.any():
            break
        left, held, size = left[again], held[again], size[again]
    return sizes


_POWER_LAW = 1e20
"""From here on a double cannot tell the tail from its power law."""
_CLOSE, _NEAR = 0.1, 1e-4
"""Relative steps: near enough for a series, and so near that its fourth power is lost in rounding."""


def _bend(degrees: Any, size: Any, lack: Any) -> Any:
    """Return by what to multiply Newton's step: the inverse of the distribution as a series, to the third power."""
    whole = degrees + size * size
    slope = (degrees + 1.0) * size / whole
    turn = (degrees + 1.0) * (degrees - size * size) / (whole * whole) + 2.0 * slope * slope
    return 1.0 + lack * (slope / 2.0 + lack * turn / 6.0)


def _step_far(above: Any, steepness: Any, tail: float, log: Any) -> Any:
    """Return Newton's step in the logarithm of t: along it that of the tail is concave, so no step leads astray."""
    return log(above / tail) * above / steepness


def _start_t(degrees: Any, tail: float) -> Any:
    """Return a first guess of a t quantile: the Cornish-Fisher expansion, or the tail's power law for few degrees."""
    z = -normal_quantile(tail)
    square = z * z
    first = z * (square + 1.0) / 4.0
    second = z * ((5.0 * square + 16.0) * square + 3.0) / 96.0
    third = z * (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) / 384.0
    fourth = z * ((((79.0 * square + 776.0) * square + 1482.0) * square - 1920.0) * square - 945.0) / 92160.0
    many = z + (first + (second + (third + fourth / degrees) / degrees) / degrees) / degrees
    if isinstance(degrees, np.ndarray):
        few = degrees < _FEW
        if few.any():
            held = degrees[few]
            power = np.log(_gamma_ratio(held * _HALF) / (tail * held * math.sqrt(math.pi))) / held
            many[few] = np.sqrt(held) * np.exp(power)
        return many
    if degrees >= _FEW:
        return many
    power = math.log(_gamma_ratio(degrees * _HALF) / (tail * degrees * math.sqrt(math.pi))) / degrees
    return math.sqrt(degrees) * math.exp(power) if power < _MOST_POWER else math.inf


_FEW, _MOST_POWER = 2.0, 700.0


@overload
def beta_below(a: float, b: float, values: float) -> float: ...
@overload
def beta_below(a: FloatArray, b: FloatArray, values: FloatArray) -> FloatArray: ...
def beta_below(a: Any, b: Any, values: Any) -> Any:
    """Return the share of the beta distribution with parameters above 0 below each value: I_x(a, b)."""
    if isinstance(values, np.ndarray):
        return _in_chunks(_beta_below_all, a, b, values)
    if values <= 0.0 or values >= 1.0:
        return 0.0 if values <= 0.0 else 1.0
    terms = _count_terms(max(a, b))
    if values * (a + b + 2.0) <= a + 1.0:
        return _beta_kernel(a, b, values) * _fraction(a, b, values, terms)
    return 1.0 - _beta_kernel(a, b, values) * _fraction(b, a, 1.0 - values, terms)


def _beta_below_all(a: FloatArray, b: FloatArray, values: FloatArray) -> FloatArray:
    inside = np.clip(values, 0.0, 1.0)
    turned = inside * (a + b + 2.0) > a + 1.0
    first, second = np.where(turned, b, a), np.where(turned, a, b)
    terms = _count_terms(float(np.maximum(a, b).max()))
    found = _beta_kernel(a, b, inside) * _fraction(first, second, np.where(turned, 1.0 - inside, inside), terms)
    found = np.where(turned, 1.0 - found, found)
    return np.where((values > 0.0) & (values < 1.0), found, inside)


def _count_terms(largest: float) -> int:
    """Return how many terms of the continued fraction of a beta distribution reach 1e-15, near its mean, too."""
    return 16 + int(3.0 * math.sqrt(largest))


def _beta_kernel(a: Any, b: Any, x: Any) -> Any:
    """Return x^a (1 - x)^b / B(a, b), from the distance to the mean: its large logarithms cancel there."""
    exp, sqrt = (np.exp, np.sqrt) if isinstance(x, np.ndarray) else (math.exp, math.sqrt)
    whole, rest = a + b, 1.0 - x
    apart = x * b - rest * a
    power = a * _log_ratio(apart / a, x * whole / a) + b * _log_ratio(-apart / b, rest * whole / b)
    power = power + _stirling(whole) - _stirling(a) - _stirling(b)
    return exp(power) * sqrt(a / (2.0 * math.pi) * (b / whole))


def _log_ratio(apart: Any, ratio: Any) -> Any:
    """Return ln(ratio), where ratio is 1 + apart, from whichever is exact."""
    if isinstance(ratio, np.ndarray):
        return np.where(np.abs(apart) < _HALF, np.log1p(apart), np.log(ratio))
    return math.log1p(apart) if abs(apart) < _HALF else math.log(ratio) if ratio > 0.0 else -math.inf


_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)


def _stirling(z: Any) -> Any:
    """Return ln Gamma(z) less (z - 1/2) ln z - z + ln(2 pi) / 2."""
    log1p = np.log1p if isinstance(z, np.ndarray) else math.log1p
    least = z.min(initial=_ASYMPTOTIC) if isinstance(z, np.ndarray) else z
    added = 0.0
    if not least >= _ASYMPTOTIC:
        for _ in range(_ASYMPTOTIC):
            added = added + ((z + _HALF) * log1p(1.0 / z) - 1.0)
            z = z + 1.0
    inverse = 1.0 / (z * z)
    series = _STIRLING[-1]
    for coefficient in _STIRLING[-2::-1]:
        series = series * inverse + coefficient
    return added + series / z


@lru_cache(maxsize=4096)
def beta_quantile(a: float, b: float, share: float) -> float:
    """Return the value below which a share of the beta distribution with parameters above 0 lies."""
    if not (a > 0.0 and b > 0.0 and 0.0 < share < 1.0):
        raise InputError(f"beta({a}, {b}) at {share}: the parameters are above 0 and the share between 0 and 1")
    if a == 1.0:
        return -math.expm1(math.log1p(-share) / b)
    if b == 1.0:
        return math.exp(math.log(share) / a)
    if share > beta_below(a, b, a / (a + b)):
        return 1.0 - _beta_near(b, a, 1.0 - share)
    return _beta_near(a, b, share)


def _beta_near(a: float, b: float, share: float) -> float:
    """Return a quantile below the mean: Newton's steps in logarithms, kept between what is too low and too high."""
    low, high = -math.inf, math.log(a / (a + b))
    place = min(_start_beta(a, b, share), high)
    for _ in range(_MOST_STEPS):
        x = math.exp(place)
        kernel, below = _beta_kernel(a, b, x), beta_below(a, b, x)
        low, high = (place, high) if below < share else (low, place)
        step = -math.log(below / share) * below * (1.0 - x) / kernel if below > 0.0 < kernel else math.inf
        if abs(step) < _SETTLED:
            return math.exp(place + step)
        place = place + step if low < place + step < high else (low + high) / 2.0 if low > -math.inf else place - 1.0
    return math.exp(place)


def _start_beta(a: float, b: float, share: float) -> float:
    """Return the logarithm of a first guess: formula 26.5.22 of Abramowitz and Stegun, or the tail's power law."""
    if min(a, b) <= 1.0:
        return (math.log(share * a) + math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)) / a
    z = -normal_quantile(share)
    of_a, of_b, bend = 1.0 / (2.0 * a - 1.0), 1.0 / (2.0 * b - 1.0), (z * z - 3.0) / 6.0
    mean = 2.0 / (of_a + of_b)
    turn = (of_b - of_a) * (bend + 5.0 / 6.0 - 2.0 / (3.0 * mean))
    power = 2.0 * (z * math.sqrt(max(mean + bend, 0.0)) / mean - turn)
    return -math.log1p(b / a * math.exp(min(power, _MOST_POWER)))


def f_above(numerator: float, denominator: float, value: float) -> float:
    """Return the share of the F distribution above a value of 0 or more."""
    whole = denominator + numerator * value
    return beta_below(denominator / 2.0, numerator / 2.0, denominator / whole)


def binomial_up_to(hits: FloatArray, trials: FloatArray, chance: float) -> FloatArray:
    """Return the chance of at most so many hits; 0 under none."""
    held = np.clip(hits, 0.0, trials - 1.0)
    found = beta_below(trials - held, held + 1.0, np.full_like(held, 1.0 - chance))
    return np.where(hits < 0.0, 0.0, np.where(hits >= trials, 1.0, found))


def chi_square_above(degrees: float, value: float) -> float:
    """Return the share of the chi-square distribution above a value."""
    if value <= 0.0:
        return 1.0
    _, above = _gamma_shares(degrees / 2.0, np.array([value / 2.0]))
    return float(above[0])


def chi_square_quantiles(degrees: float, shares: FloatArray) -> FloatArray:
    """Return the values below which shares, each between 0 and 1, of the chi-square distribution lie."""
    a = degrees / 2.0
    # Wilson and Hilferty's guess, or where the first term of the series would have it: whichever is more.
    z = np.array([normal_quantile(float(share)) for share in shares])
    least = np.exp((np.log(shares * a) + math.lgamma(a)) / a)
    place = np.log(np.maximum(a * np.maximum(1.0 - 1.0 / (9.0 * a) + z / (3.0 * math.sqrt(a)), 0.0) ** 3, least))
    for _ in range(_MOST_STEPS):
        x = np.exp(place)
        below, _ = _gamma_shares(a, x)
        step = np.clip((shares - below) / _gamma_kernel(a, x), -1.0, 1.0)
        place = place + step
        if (np.abs(step) < _SETTLED).all():
            break
    return 2.0 * np.exp(place)


def _gamma_kernel(a: float, x: FloatArray) -> FloatArray:
    """Return x^a exp(-x) / Gamma(a)."""
    apart = (x - a) / a
    power: FloatArray = np.exp(a * (_log_ratio(apart, x / a) - apart) - _stirling(a))
    return math.sqrt(a / (2.0 * math.pi)) * power


def _gamma_shares(a: float, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return P(a, x) and Q(a, x) for x above 0."""
    near = np.minimum(x, a + 1.0)
    terms = 40 + int(8.0 * math.sqrt(a))
    series = np.ones_like(x)
    for step in range(terms, 0, -1):
        series = 1.0 + near / (a + step) * series
    far = np.maximum(x, a + 1.0)
    fraction = far + (2.0 * terms + 1.0 - a)
    for step in range(terms, 0, -1):
        fraction = far + (2.0 * step - 1.0 - a) - step * (step - a) / fraction
    kernel = _gamma_kernel(a, x)
    below, above = kernel * series / a, kernel / fraction
    is_near = x < a + 1.0
    return np.where(is_near, below, 1.0 - above), np.where(is_near, 1.0 - below, above)


def _in_chunks(work: Callable[..., FloatArray], *arrays: FloatArray) -> FloatArray:
    """Return what work makes of arrays of one shape, or of shapes that NumPy stretches to one, a part at a time."""
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    flat = [np.broadcast_to(array, shape).ravel() for array in arrays]
    found = np.empty(math.prod(shape))
    with np.errstate(all="ignore"):
        for start in range(0, len(found), _CHUNK):
            part = slice(start, start + _CHUNK)
            found[part] = work(*(array[part] for array in flat))
    return found.reshape(shape)
