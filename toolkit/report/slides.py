"""Slides that can be edited: text in boxes, plain tables, native charts whose intervals are values of their own."""

from __future__ import annotations

import datetime
import io
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from toolkit.errors import needing

with needing("deck", "a deck of slides"):
    from pptx import Presentation
    from pptx.chart.data import CategoryChartData
    from pptx.dml.color import RGBColor
    from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
    from pptx.enum.shapes import MSO_SHAPE
    from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
    from pptx.oxml import parse_xml
    from pptx.util import Emu, Inches, Pt

WIDE, HIGH, EDGE = 13.333, 7.5, 0.6
"""Inches of a 16 to 9 slide, and of its margin."""
INK, SOFT, LINE, TINT, ACCENT, GOOD, WARN = "1B2330", "566172", "DDE2EA", "F4F6F9", "0B5C8F", "0C6B4D", "9A5312"
BARS = ("3F8FC0", "D98B4A", "0C8A66", "B56A95")
"""The colours of series; of a run the first is what a draft reached, the second whom it pushed away."""
_FONT = "Calibri"
_CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_TITLE_ALONE = 5
"""The layout of the default template that has a title and nothing else."""
_LONGEST_NOTES = 20_000


class TextRun(NamedTuple):
    """A stretch of text with its look."""

    text: str
    size: float = 14
    bold: bool = False
    italic: bool = False
    colour: str = INK


Paragraphs = Sequence[Sequence[TextRun]]


class ChartInterval(NamedTuple):
    """A share from 0 to 1 with its interval, if it has one."""

    share: float
    low: float | None
    high: float | None


def start_deck(title: str, subject: str, label: str) -> Any:
    """Return an empty deck of 16 to 9 that says in its properties what it is."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(WIDE), Inches(HIGH)
    about = deck.core_properties
    about.title, about.subject, about.comments = clean(title)[:255], clean(subject)[:255], clean(label)[:255]
    about.author, about.last_modified_by, about.keywords = "audience-toolkit", "", "synthetic, AI-generated"
    about.language = "en"
    about.created = about.modified = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    return deck


def save_deck(deck: Any) -> bytes:
    """Return a deck's bytes."""
    stream = io.BytesIO()
    deck.save(stream)
    return stream.getvalue()


def add_slide(deck: Any, title: str, label: str, notes: str, *, logo: bytes | None = None) -> Any:
    """Return a new slide with its title, the label at its foot, notes, and a logo at the top right."""
    slide = deck.slides.add_slide(deck.slide_layouts[_TITLE_ALONE])
    place = slide.shapes.title
    place.left, place.top = Inches(EDGE), Inches(0.42)
    place.width, place.height = Inches(WIDE - 2 * EDGE - (1.9 if logo else 0)), Inches(0.95)
    write(place, [[TextRun(title, 28, bold=True)]], anchor=MSO_ANCHOR.MIDDLE)
    if logo:
        _add_logo(slide, logo)
    add_text(slide, (EDGE, HIGH - 0.5, WIDE - 2 * EDGE, 0.3), [[TextRun(label, 11, colour=SOFT)]]).name = "Label"
    slide.notes_slide.notes_text_frame.text = clean(notes)[:_LONGEST_NOTES]
    return slide


def add_text(slide: Any, place: tuple[float, float, float, float], paragraphs: Paragraphs, **settings: Any) -> Any:
    """Return a new box with paragraphs; `place` is left, top, width and height in inches."""
    box = slide.shapes.add_textbox(*map(Inches, place))
    write(box, paragraphs, **settings)
    return box


def add_card(slide: Any, place: tuple[float, float, float, float], paragraphs: Paragraphs, *, leads: bool) -> Any:
    """Return a tinted box with paragraphs, framed in green if it leads."""
    box = slide.shapes.add_shape(MSO_SHAPE.ROUNDED_RECTANGLE, *map(Inches, place))
    box.adjustments[0] = 0.04
    box.fill.solid()
    box.fill.fore_color.rgb = RGBColor.from_string(TINT)
    box.line.color.rgb = RGBColor.from_string(GOOD if leads else LINE)
    box.line.width = Pt(2 if leads else 1)
    box.shadow.inherit = False
    write(box, paragraphs, inset=0.2, gap=6)
    return box


def write(
    shape: Any, paragraphs: Paragraphs, *, anchor: Any = MSO_ANCHOR.TOP, inset: float = 0.0, gap: float = 4
) -> None:
    """Write paragraphs into a shape; one that begins with a script from right to left runs that way."""
    frame = shape.text_frame
    frame.clear()
    frame.word_wrap, frame.auto_size, frame.vertical_anchor = True, MSO_AUTO_SIZE.NONE, anchor
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = Inches(inset)
    for number, stretches in enumerate(paragraphs):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.space_after = Pt(gap)
        from_right = len(stretches) == 1 and starts_from_right(stretches[0].text)
        paragraph.alignment = PP_ALIGN.RIGHT if from_right else PP_ALIGN.LEFT
        if from_right:
            paragraph._p.get_or_add_pPr().set("rtl", "1")  # noqa: SLF001 - python-pptx has no call for it
        for words in stretches:
            run = paragraph.add_run()
            run.text = clean(words.text)
            run.font.size, run.font.name = Pt(words.size), _FONT
            run.font.bold, run.font.italic = words.bold, words.italic
            run.font.color.rgb = RGBColor.from_string(words.colour)


def starts_from_right(text: str) -> bool:
    """Tell whether the first letter that has a direction is written from right to left."""
    sides = (unicodedata.bidirectional(sign) for sign in text)
    return next((side in {"R", "AL"} for side in sides if side in {"L", "R", "AL"}), False)


def clean(text: str) -> str:
    """Return text without the signs that XML cannot hold."""
    return "".join(sign for sign in text if sign in "\n\t" or (sign >= " " and not _is_barred(ord(sign))))


def _is_barred(code: int) -> bool:
    return code == 0x7F or 0xD800 <= code <= 0xDFFF or code in {0xFFFE, 0xFFFF}  # noqa: PLR2004 - XML 1.0, 2.2


def describe(shape: Any, text: str) -> None:
    """Give a picture, a table or a chart its alternative text."""
    shape._element.xpath(".//p:cNvPr")[0].set("descr", clean(text))  # noqa: SLF001 - python-pptx has no call for it


def add_table(
    slide: Any, rows: Sequence[Sequence[str]], place: tuple[float, float], widths: Sequence[float], says: str
) -> Any:
    """Return a plain table of texts with its alternative text; the first row is the heading. Inches."""
    shape = slide.shapes.add_table(
        len(rows), len(widths), *map(Inches, place), Inches(sum(widths)), Inches(0.36 * len(rows))
    )
    describe(shape, says)
    grid = shape.table
    grid.horz_banding, grid.first_row = False, True
    for number, wide in enumerate(widths):
        grid.columns[number].width = Inches(wide)
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            cell = grid.cell(number, column)
            cell.fill.background()
            heading = number == 0
            words = TextRun(text, 12 if heading else 13, column == 0 and not heading, colour=SOFT if heading else INK)
            write(cell, [[words]], inset=0.05, gap=0)
    return shape


def add_chart(
    slide: Any,
    place: tuple[float, float, float, float],
    names: Sequence[str],
    series: Sequence[tuple[str, Sequence[ChartInterval | None]]],
    scale: tuple[float, float],
    says: str,
) -> Any:
    """Return a native chart of bars, a category a name, with intervals as error bars and its alternative text.

    The values stand in the workbook of the chart, so that they can be edited. `scale` is where the axis begins and
    ends; `place` is left, top, width and height in inches.
    """
    data = CategoryChartData(number_format="0%")
    data.categories = [clean(name) for name in names]
    for name, intervals in series:
        data.add_series(clean(name), [None if one is None else one.share for one in intervals])
    frame = slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, *map(Inches, place), data)
    chart = frame.chart
    chart.has_title, chart.has_legend = False, len(series) > 1
    if chart.has_legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    chart.font.size, chart.font.name = Pt(13), _FONT
    chart.font.color.rgb = RGBColor.from_string(INK)
    chart.category_axis.reverse_order = True
    chart.category_axis.format.line.color.rgb = RGBColor.from_string(LINE)
    axis = chart.value_axis
    axis.minimum_scale, axis.maximum_scale = scale
    axis.tick_labels.number_format, axis.tick_labels.number_format_is_linked = "0%", False
    axis.major_gridlines.format.line.color.rgb = RGBColor.from_string(LINE)
    axis.format.line.fill.background()
    plot = chart.plots[0]
    plot.gap_width, plot.overlap = 60, -10
    for drawn, (_, intervals), colour in zip(plot.series, series, BARS, strict=False):
        drawn.format.fill.solid()
        drawn.format.fill.fore_color.rgb = RGBColor.from_string(colour)
        _add_error_bars(drawn, intervals)
    describe(frame, says)
    frame.name = "Chart"
    return frame


def _add_error_bars(series: Any, intervals: Sequence[ChartInterval | None]) -> None:
    """Give each bar its own interval: how far it reaches below and above, as values of the chart.

    python-pptx has no call for that; the element is written as ISO/IEC 29500-1, 21.2.2.55 has it.
    """
    below = [0.0 if one is None or one.low is None else one.share - one.low for one in intervals]
    above = [0.0 if one is None or one.high is None else one.high - one.share for one in intervals]
    bars = parse_xml(
        f'<c:errBars xmlns:c="{_CHART}" xmlns:a="{_DRAWING}"><c:errBarType val="both"/><c:errValType val="cust"/>'
        f'<c:noEndCap val="0"/><c:plus>{_write_numbers(above)}</c:plus><c:minus>{_write_numbers(below)}</c:minus>'
        f'<c:spPr><a:ln w="15875"><a:solidFill><a:srgbClr val="{INK}"/></a:solidFill></a:ln></c:spPr></c:errBars>'
    )
    series._element.insert_element_before(bars, "c:cat", "c:val", "c:shape", "c:extLst")  # noqa: SLF001 - see above


def _write_numbers(values: Iterable[float]) -> str:
    """Return numbers as the literal data of a chart."""
    listed = list(values)
    points = "".join(f'<c:pt idx="{place}"><c:v>{value:.6f}</c:v></c:pt>' for place, value in enumerate(listed))
    return f'<c:numLit><c:formatCode>General</c:formatCode><c:ptCount val="{len(listed)}"/>{points}</c:numLit>'


def _add_logo(slide: Any, logo: bytes) -> None:
    picture = slide.shapes.add_picture(io.BytesIO(logo), 0, 0)
    shrink = min(Inches(1.7) / picture.width, Inches(0.62) / picture.height)
    picture.width, picture.height = Emu(int(picture.width * shrink)), Emu(int(picture.height * shrink))
    picture.left, picture.top = Inches(WIDE - EDGE) - picture.width, Inches(0.5)
    describe(picture, "Logo")
