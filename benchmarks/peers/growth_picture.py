"""The study of growth as small multiples in SVG: logarithmic scales, a line for each engine.

A row for each series, time on the left, peak memory on the right. Lines are named at their
ends, where names are moved apart just so far that they can be read.
"""

import html
import math

from comparison import OURS
from growth_tables import NAMES, Series, all_series

WIDTH, HEIGHT, LEFT, GAP, TOP, NAMED = 260, 170, 60, 50, 64, 120
LINE = 12  # pixels between names
LEAST_SPAN = 3  # from the foot of a panel to its head: small changes shall look small
PANEL = LEFT + WIDTH + NAMED
QUANTITIES = {"wall": "seconds", "peak_memory": "peak MiB"}
SCALES = {"wall": 1.0, "peak_memory": 2.0**-20}
ORANGES = ("#d9660b", "#f0a35e")
BLUES = ("#3f5d7d", "#7d95ad", "#5a8f8a", "#8d7fb0", "#9aa0a6")
STYLE = 'font-family="sans-serif" font-size="11"'


def picture(entries: list[dict]) -> str:
    """An SVG document."""
    found, parts = all_series(entries), []
    for number, series in enumerate(found):
        top = number * (TOP + HEIGHT + GAP)
        parts.append(_text(10, top + 18, series.title(), weight="bold"))
        for column, quantity in enumerate(QUANTITIES):
            parts += _panel(series, quantity, LEFT + column * PANEL, top + TOP)
    size = f'width="{2 * PANEL}" height="{len(found) * (TOP + HEIGHT + GAP)}"'
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n'
    )


def colors(rows: list[str]) -> dict[str, str]:
    """Ours in orange, the peers in colours that stand back."""
    ours = [row for row in rows if row in OURS]
    peers = [row for row in rows if row not in OURS]
    chosen = {row: ORANGES[number % len(ORANGES)] for number, row in enumerate(ours)}
    return chosen | {row: BLUES[number % len(BLUES)] for number, row in enumerate(peers)}


def _panel(series: Series, quantity: str, left: float, top: float) -> list[str]:
    lines = {
        row: [
            (value, SCALES[quantity] * number)
            for value, number in zip(series.values, series.numbers(row, quantity), strict=True)
            if number
        ]
        for row in series.rows
    }
    lines = {row: points for row, points in lines.items() if points}
    if not lines:
        return [_text(left, top + HEIGHT / 2, f"{QUANTITIES[quantity]}: not measured")]
    numbers = [number for points in lines.values() for _, number in points]
    least = min(*numbers, max(numbers) / LEAST_SPAN)
    across = _scale(min(series.values), max(series.values), left, left + WIDTH)
    up = _scale(least, max(numbers), top + HEIGHT, top)
    parts = _axes(series, quantity, across, up, (least, max(numbers)), left, top)
    color = colors(series.rows)
    for row, points in lines.items():
        places = [(across(value), up(number)) for value, number in points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        parts.append(f'<path d="M{path}" fill="none" stroke="{color[row]}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color[row]}"/>' for x, y in places
        ]
    ends = {row: up(points[-1][1]) for row, points in lines.items()}
    for row, y in apart(ends).items():
        parts.append(_text(left + WIDTH + 8, y + 4, row, color[row]))
    return parts


def _axes(series, quantity, across, up, ends, left, top) -> list[str]:
    parts = [
        f'<path d="M{left} {top}V{top + HEIGHT}H{left + WIDTH}" fill="none" stroke="#999"/>',
        _text(left, top - 6, QUANTITIES[quantity], "#666"),
        _text(left + WIDTH / 2, top + HEIGHT + 32, NAMES[series.axis], "#666", anchor="middle"),
    ]
    for value in series.values:
        x = across(value)
        parts.append(_text(x, top + HEIGHT + 16, f"{value:,}", "#666", anchor="middle"))
    for number in ticks(*ends):
        y = up(number)
        parts.append(f'<path d="M{left} {y:.1f}H{left + WIDTH}" stroke="#ddd"/>')
        parts.append(_text(left - 6, y + 4, f"{number:,g}", "#666", anchor="end"))
    return parts


def _scale(low: float, high: float, first: float, last: float):
    """A place for each number between, by its logarithm."""
    span = math.log(high / low) or 1.0

    def place(number: float) -> float:
        return first + (last - first) * math.log(number / low) / span

    return place


def ticks(low: float, high: float) -> list[float]:
    """Round numbers from low to high: powers of ten, with 2 and 5 where those are few."""
    tens = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for leads in ((1,), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        found = [lead * 10.0**ten for ten in tens for lead in leads]
        found = [number for number in found if low <= number <= high]
        if len(found) >= 3:
            break
    return found


def apart(ends: dict[str, float]) -> dict[str, float]:
    """Heights of names, in their order and at least a line apart, near where lines end."""
    placed: dict[str, float] = {}
    for row, y in sorted(ends.items(), key=lambda end: end[1]):
        placed[row] = max(y, max(placed.values(), default=-math.inf) + LINE)
    if placed:
        down = (max(placed.values()) - max(ends.values())) / 2  # half up, half down
        placed = {row: y - down for row, y in placed.items()}
    return placed


def _text(x, y, content, fill="#222", anchor="start", weight="normal") -> str:
    style = f'{STYLE} fill="{fill}" text-anchor="{anchor}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{html.escape(content)}</text>'
