"""The newest results as a picture: a bar for each engine, its quartiles as a line, in SVG."""

import html

from alternation import spread
from comparison import OURS
from result_tables import title

ROW, LABEL, WIDTH, MARGIN = 18, 190, 420, 90
TEXT = 'font-family="sans-serif" font-size="12" fill="#222"'


def picture(entries: list[dict]) -> str:
    """An SVG document with a panel for each entry, fastest engines first."""
    parts, top = [], 10
    for entry in entries:
        rows = _rows(entry)
        if not rows:
            continue
        parts.append(_text(10, top + 12, title(entry), "bold"))
        longest = max(times["high"] for _, times in rows)
        for number, (name, times) in enumerate(rows):
            parts.append(_bar(name, times, longest, top + ROW * (number + 1)))
        top += ROW * (len(rows) + 2)
    size = f'width="{LABEL + WIDTH + MARGIN}" height="{top}"'
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n'
    )


def _rows(entry: dict) -> list[tuple[str, dict]]:
    rows = [(name, spread(f["wall"])) for name, f in entry["engines"].items() if f.get("wall")]
    return sorted(rows, key=lambda row: row[1]["median"])


def _bar(name: str, times: dict, longest: float, y: float) -> str:
    width, low, high = (WIDTH * times[part] / longest for part in ("median", "low", "high"))
    color = "#d9822b" if name in OURS else "#8fa3b8"
    middle = y + ROW / 2
    return "\n".join(
        [
            _text(10, y + 13, name),
            f'<rect x="{LABEL}" y="{y + 3}" width="{width:.1f}" height="{ROW - 6}" '
            f'fill="{color}"/>',
            f'<path d="M{LABEL + low:.1f} {middle}H{LABEL + high:.1f}" stroke="#222"/>',
            _text(LABEL + max(width, high) + 6, y + 13, _seconds(times["median"])),
        ]
    )


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{1e3 * value:.1f} ms"


def _text(x: float, y: float, content: str, weight: str = "normal") -> str:
    style = f'{TEXT} font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y}" {style}>{html.escape(content)}</text>'
