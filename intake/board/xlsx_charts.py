"""The sheets "Tablero" (charts) and "Tablero (datos)" (their numbers, hidden) of the .xlsx board."""

from typing import Any

from pydantic import TypeAdapter, ValidationError

from intake.board.dashboard import Dashboard, Table
from intake.board.palette import CHART_COLOURS, HEADER_FILL, OTHER_CHART_COLOUR
from intake.board.xlsx_styles import FONT, HEADER_LOOK

DASHBOARD_TITLE, DATA_TITLE = "Tablero", "Tablero (datos)"
UNKNOWN = "sin dato"
_TABLE_COLUMNS = 12
_FIRST_ROW = 2
_SIZE = {"width": 620, "height": 340}


def dashboard_sheets(book: Any, dashboard: Dashboard) -> None:
    """Add both sheets."""
    sheet = book.add_worksheet(DASHBOARD_TITLE)
    data = book.add_worksheet(DATA_TITLE)
    data.hide()
    # The whole of it once more, so that a write that brings no figures leaves the charts as they were.
    data.write_string(0, 0, dump_dashboard(dashboard))
    header = book.add_format(HEADER_LOOK)
    for number, table in enumerate(dashboard.tables):
        _numbers(data, number, table, header)
    sheet.hide_gridlines(2)
    sheet.set_column(0, 13, 13)
    _headline(book, sheet, dashboard)
    for number, table in enumerate(dashboard.tables):
        row, column = 6 + 18 * (number // 2), 7 * (number % 2)
        sheet.insert_chart(row, column, _chart(book, number, table), {"object_position": 3, "description": _described(table)})
    sheet.set_landscape()
    sheet.fit_to_pages(1, 1)


def dump_dashboard(dashboard: Dashboard) -> str:
    """As text, for one cell."""
    return TypeAdapter(Dashboard).dump_json(dashboard).decode()


def load_dashboard(text: str) -> Dashboard | None:
    """What `dump_dashboard` wrote; anything else is no dashboard."""
    try:
        return TypeAdapter(Dashboard).validate_json(text)
    except ValidationError:
        return None


def _described(table: Table) -> str:
    """For who cannot see the chart."""
    rows = "; ".join(f"{name}: {sum(value or 0 for value in values):g}" for name, values in table.rows)
    return f"{table.title}. {rows}"[:2_000]


def _headline(book: Any, sheet: Any, dashboard: Dashboard) -> None:
    title = book.add_format({"bold": True, "font_name": FONT, "font_size": 16, "font_color": HEADER_FILL})
    name = book.add_format({"font_name": FONT, "font_size": 10, "font_color": "#5F6368"})
    value = book.add_format({"bold": True, "font_name": FONT, "font_size": 24, "font_color": HEADER_FILL, "align": "left"})
    note = book.add_format({"italic": True, "font_name": FONT, "font_size": 9, "font_color": "#5F6368"})
    sheet.write_string(0, 0, "Gestión de Usuarios: cómo va la atención", title)
    sheet.set_row(0, 26)
    sheet.set_row(2, 32)
    for place, (label, number) in enumerate(dashboard.headline):
        sheet.write_string(1, 2 * place, label, name)
        sheet.write_number(2, 2 * place, float(number), value)
    for row, text in enumerate((table.note for table in dashboard.tables if table.note), start=3):
        sheet.write_string(row, 0, text, note)


def _left(number: int) -> int:
    return number * _TABLE_COLUMNS


def _numbers(sheet: Any, number: int, table: Table, header: Any) -> None:
    left = _left(number)
    for column, text in enumerate((table.names, *table.series), start=left):
        sheet.write_string(_FIRST_ROW, column, text, header)
    for row, (name, values) in enumerate(table.rows, start=_FIRST_ROW + 1):
        sheet.write_string(row, left, name)
        for column, value in enumerate(values, start=left + 1):
            if value is None:
                sheet.write_string(row, column, UNKNOWN)
            else:
                sheet.write_number(row, column, value)


def _chart(book: Any, number: int, table: Table) -> Any:
    """Columns stacked; bars where the names are long (what is waited for, licences)."""
    lying = number >= 2
    kind = {"type": "bar" if lying else "column", **({} if number == 3 else {"subtype": "stacked"})}
    chart = book.add_chart(kind)
    left, last = _left(number), _FIRST_ROW + len(table.rows)
    for index, name in enumerate(table.series, start=left + 1):
        chart.add_series(
            {
                "name": [DATA_TITLE, _FIRST_ROW, index],
                "categories": [DATA_TITLE, _FIRST_ROW + 1, left, last, left],
                "values": [DATA_TITLE, _FIRST_ROW + 1, index, last, index],
                "fill": {"color": CHART_COLOURS.get(name, OTHER_CHART_COLOUR)},
                "gap": 60,
            }
        )
    font = {"name": FONT, "size": 9}
    chart.set_title({"name": table.title, "name_font": {"name": FONT, "size": 12, "color": HEADER_FILL}, "overlay": False})
    chart.set_x_axis({"num_font": font, "name": table.names if not lying else "", "name_font": font, "reverse": lying})
    chart.set_y_axis({"num_font": font, "major_gridlines": {"visible": True, "line": {"color": "#E8EAED"}}, "min": 0})
    if lying:
        # Bars: the names are on the vertical axis, which would put the first one below.
        chart.set_x_axis({"num_font": font, "min": 0, "major_gridlines": {"visible": True, "line": {"color": "#E8EAED"}}})
        chart.set_y_axis({"num_font": font, "reverse": True, "major_gridlines": {"visible": False}})
    chart.set_legend({"position": "bottom", "font": font})
    chart.set_size(_SIZE)
    return chart
