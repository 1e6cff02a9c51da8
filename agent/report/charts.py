"""Charts of a report as inline SVG, drawn here: no script, no library, colours by CSS so that dark pages work."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 460, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 58, 14, 30
COLOURS = 6  # classes l1..l6 in the style sheet


@dataclass(frozen=True)
class Line:
    """One curve."""

    name: str
    points: list[tuple[float, float]]  # x rising


def line_chart(lines: Sequence[Line], x_name: str, y_top: float | None = None) -> str:
    """An SVG of curves with their names at the ends; empty when no line has a point.

    Args:
        lines: at most a few; points that are alone become a dot.
        x_name: under the x axis.
        y_top: upper end of the y axis; None takes the largest value.
    """
    lines = [line for line in lines if line.points]
    if not lines:
        return ""
    right = max(1.0, *(x for line in lines for x, _ in line.points))
    top = y_top if y_top is not None else _round_up(max(y for line in lines for _, y in line.points))
    inner_w, inner_h = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def at(x: float, y: float) -> tuple[float, float]:
        share = min(1.0, max(0.0, y / top)) if top else 0.0
        return LEFT + x / right * inner_w, TOP + (1 - share) * inner_h

    spoken = escape(_words(lines, x_name))
    parts = [f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{spoken}">']
    for i in range(5):
        value = top * i / 4
        _, y = at(0, value)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.3g}</text>')
    for x in dict.fromkeys((0, round(right / 2), round(right))):
        parts.append(f'<text class="tick" x="{at(x, 0)[0]:.1f}" y="{HEIGHT - 12}" text-anchor="middle">{x}</text>')
    parts.append(f'<text class="tick" x="{WIDTH - RIGHT + 16}" y="{HEIGHT - 12}">{escape(x_name)}</text>')
    ends: list[float] = []
    for number, line in enumerate(lines):
        colour = f"l{number % COLOURS + 1}"
        points = [at(x, y) for x, y in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        end_x, end_y = points[-1]
        parts.append(f'<polyline class="line {colour}" points="{path}"/>')
        parts.append(f'<circle class="dot {colour}" cx="{end_x:.1f}" cy="{end_y:.1f}" r="3"/>')
        label_y = _free(end_y + 4, ends)
        parts.append(f'<text class="end {colour}" x="{end_x + 7:.1f}" y="{label_y:.1f}">{escape(line.name)}</text>')
    parts.append("</svg>")
    return "".join(parts)


def interval_bar(value: float, interval: tuple[float, float] | None) -> str:
    """An SVG of a score on 0..1 with its interval."""
    low, high = interval or (value, value)
    low, high, at = (max(0.0, min(1.0, v)) * 100 for v in (low, high, value))
    return (
        '<svg class="interval" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" x="0" y="3" width="100" height="2"/>'
        f'<rect class="range" x="{low:.1f}" y="1.5" width="{max(0.6, high - low):.1f}" height="5"/>'
        f'<rect class="value" x="{max(0.0, at - 0.5):.1f}" y="0" width="1" height="8"/></svg>'
    )


def _round_up(value: float) -> float:
    """The next of 1, 1.5, 2, 3, 4, 5, 8 times a power of ten, so that ticks are short."""
    if value <= 0:
        return 1.0
    power = 1.0
    while power * 10 <= value:
        power *= 10
    while power > value:
        power /= 10
    return next((step * power for step in (1, 1.5, 2, 3, 4, 5, 8, 10) if step * power >= value), 10 * power)


def _free(y: float, taken: list[float]) -> float:
    """The nearest height for a label that lies on none of the labels before."""
    tries = [y + step * 13 for n in range(len(taken) + 1) for step in (n, -n)]
    free = next((t for t in tries if all(abs(t - other) >= 12 for other in taken)), y)
    taken.append(free)
    return free


def _words(lines: Sequence[Line], x_name: str) -> str:
    courses = (f"{line.name}: from {line.points[0][1]:.3g} to {line.points[-1][1]:.3g}" for line in lines)
    return f"{'; '.join(courses)}, by {x_name}"
