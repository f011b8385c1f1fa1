"""Draws a captured terminal screen, with its colours, as text and as SVG.

    python3 picture_svg.py OUT.txt OUT.svg < CAPTURE    (of `tmux capture-pane -e -p`)

Every run of cells of one style becomes a text stretched to exactly its cells, so that the grid
holds in whatever monospace font the reader has. Lines of boxes are drawn as paths, because fonts
leave gaps between rows. Wide characters, such as Korean, take two cells.
"""

import re
import sys
import unicodedata
from collections import Counter
from html import escape
from typing import NamedTuple

WIDE, HIGH, SIZE, EDGE = 8.4, 17, 14, 14
FONTS = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Noto Sans Mono CJK KR',monospace"
# Where a box's line leads to from the middle of its cell: left, right, up, down.
BOXES = {"─": "lr", "│": "ud", "╭": "rd", "╮": "ld", "╰": "ru", "╯": "lu", "├": "rud", "┤": "lud",
         "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu", "┬": "lrd", "┴": "lru", "┼": "lrud"}
ROUND = set("╭╮╰╯")


class Style(NamedTuple):
    """How a cell looks; a colour is `#rrggbb`, or empty for the terminal's own."""

    fg: str = ""
    bg: str = ""
    bold: bool = False
    underlined: bool = False
    reverse: bool = False


class Cell(NamedTuple):
    """One character at its column; a wide one covers two."""

    column: int
    text: str
    width: int
    style: Style


def indexed(number):
    """The usual colour of an index of the palette of 256."""
    first = ("000000 cd3131 0dbc79 e5e510 2472c8 bc3fbc 11a8cd e5e5e5 "
             "666666 f14c4c 23d18b f5f543 3b8eea d670d6 29b8db ffffff").split()
    if number < 16:
        return "#" + first[number]
    if number > 231:
        return "#" + f"{8 + 10 * (number - 232):02x}" * 3
    steps = (0, 95, 135, 175, 215, 255)
    red, green, blue = (number - 16) // 36, (number - 16) // 6 % 6, (number - 16) % 6
    return f"#{steps[red]:02x}{steps[green]:02x}{steps[blue]:02x}"


def colour(codes):
    """Takes what follows 38 or 48 off the codes."""
    if codes.pop(0) == 5:
        return indexed(codes.pop(0))
    red, green, blue = (codes.pop(0) for _ in range(3))
    return f"#{red:02x}{green:02x}{blue:02x}"


def restyled(style, sequence):
    """The style after a sequence of SGR codes (ECMA-48, 8.3.117)."""
    codes = [int(code or 0) for code in re.split("[;:]", sequence)]
    while codes:
        code = codes.pop(0)
        if code == 0:
            style = Style()
        elif code in (1, 4, 7):
            style = style._replace(**{{1: "bold", 4: "underlined", 7: "reverse"}[code]: True})
        elif code in (22, 24, 27):
            style = style._replace(**{{22: "bold", 24: "underlined", 27: "reverse"}[code]: False})
        elif code in (38, 48):
            style = style._replace(**{"fg" if code == 38 else "bg": colour(codes)})
        elif code in (39, 49):
            style = style._replace(**{"fg" if code == 39 else "bg": ""})
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style = style._replace(fg=indexed(code - 30 if code < 90 else code - 82))
        elif 40 <= code <= 47 or 100 <= code <= 107:
            style = style._replace(bg=indexed(code - 40 if code < 100 else code - 92))
    return style


def read(capture):
    """The rows of cells of a capture."""
    style, rows = Style(), []
    for line in capture.rstrip("\n").split("\n"):
        row, column = [], 0
        for sequence, other, text in re.findall(r"\x1b\[([0-9;:]*)m|(\x1b\S|[\x00-\x1f])|(.)", line):
            if text:
                width = 2 if unicodedata.east_asian_width(text) in "WF" else 1
                row.append(Cell(column, text, width, style))
                column += width
            elif not other:
                style = restyled(style, sequence)
        rows.append(row)
    return rows


def paint(style, ground, ink):
    """The colours that a style shows on this ground."""
    fg, bg = style.fg or ink, style.bg or ground
    return (bg, fg) if style.reverse else (fg, bg)


def box(cell, row):
    """The path of one character of a box."""
    left, top = cell.column * WIDE, row * HIGH
    x, y = left + WIDE / 2, top + HIGH / 2
    ends = {"l": (left, y), "r": (left + WIDE, y), "u": (x, top), "d": (x, top + HIGH)}
    leads = [ends[to] for to in BOXES[cell.text]]
    if cell.text in ROUND:
        (ax, ay), (bx, by) = leads
        return f"M{ax:g} {ay:g}Q{x:g} {y:g} {bx:g} {by:g}"
    return "".join(f"M{x:g} {y:g}L{ex:g} {ey:g}" for ex, ey in leads)


def runs(row):
    """Runs of neighbours of one style and one width of characters, cut at gaps."""
    run = []
    for cell in row:
        joins = run and run[-1].style == cell.style and run[-1].width == cell.width
        if run and (not joins or (cell.text == " " and run[-1].text == " ")):
            yield run
            run = []
        run.append(cell)
    if run:
        yield run


def grounds(row, number, ground, ink):
    """Rectangles under the cells whose ground is another one."""
    out, begin, last, now = [], 0, 0, ground
    for cell in [*row, None]:
        bg = paint(cell.style, ground, ink)[1] if cell else None
        if bg != now:
            if now not in (ground, None):
                width = (last - begin) * WIDE
                out.append(f'<rect x="{begin * WIDE:g}" y="{number * HIGH}" width="{width:g}"'
                           f' height="{HIGH}" fill="{now}"/>')
            begin, now = last, bg
        last += cell.width if cell else 0
    return out


def text(run, number, ground, ink):
    """One run as a text, without the blanks around it."""
    while run and run[-1].text == " ":
        run = run[:-1]
    while run and run[0].text == " ":
        run = run[1:]
    if not run:
        return ""
    cells = sum(cell.width for cell in run)
    style = run[0].style
    more = ' font-weight="bold"' if style.bold else ""
    more += ' text-decoration="underline"' if style.underlined else ""
    said = escape("".join(cell.text for cell in run))
    return (f'<text x="{run[0].column * WIDE:g}" y="{number * HIGH + 13}" textLength="{cells * WIDE:g}"'
            f' fill="{paint(style, ground, ink)[0]}"{more}>{said}</text>')


def draw(rows):
    """The whole picture."""
    seen = Counter(cell.style.bg for row in rows for cell in row)
    ground = seen.most_common(1)[0][0] or "#11151b"
    ink = "#c5ced9"
    columns = max(row[-1].column + row[-1].width for row in rows if row)
    wide, high = columns * WIDE + 2 * EDGE, len(rows) * HIGH + 2 * EDGE
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:g} {high:g}" width="{wide:g}"'
           f' height="{high:g}" role="img" aria-label="Pilothouse: branches, job queue, containers,'
           f' target health and hourly cost on one screen">',
           f'<rect width="100%" height="100%" rx="8" fill="{ground}"/>',
           f'<g transform="translate({EDGE} {EDGE})" font-family="{FONTS}" font-size="{SIZE}">']
    paths = {}
    for number, row in enumerate(rows):
        out += grounds(row, number, ground, ink)
        for cell in row:
            if cell.text in BOXES:
                paths.setdefault(paint(cell.style, ground, ink)[0], []).append(box(cell, number))
        plain = [cell._replace(text=" ") if cell.text in BOXES else cell for cell in row]
        out += filter(None, (text(run, number, ground, ink) for run in runs(plain)))
    out += [f'<path d="{"".join(parts)}" fill="none" stroke="{stroke}"/>' for stroke, parts in paths.items()]
    return "\n".join([*out, "</g>", "</svg>", ""])


def main():
    rows = read(sys.stdin.read())
    lines = ("".join(cell.text for cell in row).rstrip() for row in rows)
    with open(sys.argv[1], "w", encoding="utf-8") as plain:
        plain.write("\n".join(lines) + "\n")
    with open(sys.argv[2], "w", encoding="utf-8") as picture:
        picture.write(draw(rows))


if __name__ == "__main__":
    main()
