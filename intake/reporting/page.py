"""The report on paper: one self-contained page, a CSV for each table, and a sheet and a CSV for each unit. Texts, not files.

The pages need no network and run nothing; their Content-Security-Policy names the hash of their own style.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from intake.paper import csp_source, spreadsheet, templates
from intake.reporting.report import Report
from intake.reporting.review import COLUMNS, FOLDER, Sheet
from intake.reporting.tables import Chart, Table, moment
from notify.colours import Palette

if TYPE_CHECKING:
    from jinja2 import Environment

PAGE = "informe.html"
_BAR = 240
_TALLEST = 130
_MOST_LABELS = 12


def files_of(report: Report) -> Mapping[str, str]:
    """Every file of the report by its name within the folder; the same report gives the same texts."""
    environment = templates()
    policy = report.of.rules.policy
    landscape = "@page{size:A4 landscape;margin:12mm}"
    parts = [
        environment.get_template(name).render(palette=Palette.of(policy.mail.colour))
        for name in ("paper.css.j2", "report.css.j2")
    ]
    style = "".join(parts)
    files = {PAGE: _page(environment, report, style)}
    for section in report.sections:
        files |= {f"{table.name}.csv": spreadsheet(table.columns, table.rows) for table in section.tables if table.name}
    for sheet in report.sheets:
        files[f"{FOLDER}/{sheet.stem}.html"] = _sheet(environment, report, sheet, style + landscape)
        files[f"{FOLDER}/{sheet.stem}.csv"] = spreadsheet(COLUMNS, sheet.rows())
    return files


def _policy(style: str) -> str:
    return f"default-src 'none'; style-src {csp_source(style)}; base-uri 'none'; form-action 'none'"


def _page(environment: "Environment", report: Report, style: str) -> str:
    of, policy = report.of, report.of.rules.policy
    zone = of.month.zone
    sheets = frozenset(f"{FOLDER}/{sheet.stem}.{kind}" for sheet in report.sheets for kind in ("html", "csv"))
    title = f"Informe de {of.month.label}" + (f": {report.unit}" if report.unit else "")
    cut = "hasta el final del mes" if of.cut == of.month.end else f"el mes no ha terminado: hasta el {moment(of.cut, zone)}"
    return environment.get_template("report.html.j2").render(
        policy=_policy(style),
        style=style,
        institution=policy.name,
        title=title,
        subtitle=f"Hecho el {moment(of.rules.now, zone)}, hora de Colombia · {cut}",
        month=of.month.label,
        empty=report.empty,
        tiles=report.tiles,
        counting=(
            f"El mes va de las 00:00 del {of.month.first:%d/%m/%Y} a las 24:00 del {of.month.last:%d/%m/%Y}, hora de Colombia "
            f"({zone.key}). Todo sale del registro del programa: lo que se hizo sin él no se cuenta. El corte es "
            f"{moment(of.cut, zone)}; el registro se leyó el {moment(of.rules.now, zone)}."
        ),
        sections=[
            {
                "anchor": section.anchor,
                "title": section.title,
                "note": section.note,
                "said": section.said,
                "charts": [_drawn(chart) for chart in section.charts],
                "tables": [_shown(table, sheets) for table in section.tables if table.most_shown],
            }
            for section in report.sections
        ],
    )


def _shown(table: Table, links: frozenset[str]) -> dict[str, object]:
    most = max(table.sizes, default=0.0)
    widths = [round(_BAR * value / most) if most else 0 for value in table.sizes] or [0] * len(table.rows)
    rows = list(zip(table.rows, widths, strict=True))[: table.most_shown]
    return {
        "caption": table.caption,
        "columns": table.columns,
        "numeric": table.numeric,
        "bars": table.bars if most else None,
        "rows": rows,
        "total": table.total,
        "links": links,
        "file": f"{table.name}.csv" if table.name else "",
        "more": len(table.rows) - len(rows),
    }


def _drawn(chart: Chart) -> dict[str, object]:
    """Upright bars as shares of the picture's width; of many columns only some are named, so that names never touch."""
    most = max((column.value for column in chart.columns), default=0) or 1
    slot = 100 / max(1, len(chart.columns))
    every = 1 if len(chart.columns) <= _MOST_LABELS else 5
    drawn = [
        {
            "x": f"{slot * (number + 0.14):.2f}%",
            "width": f"{slot * 0.72:.2f}%",
            "middle": f"{slot * (number + 0.5):.2f}%",
            "height": max(3, round(_TALLEST * column.value / most)) if column.value else 0,
            "kind": column.kind,
            "value": column.value,
            "label": column.label if every == 1 or number == 0 or (number + 1) % every == 0 else "",
            "said": column.said,
        }
        for number, column in enumerate(chart.columns)
    ]
    return {"title": chart.title, "said": chart.said, "drawn": drawn}


def _sheet(environment: "Environment", report: Report, sheet: Sheet, style: str) -> str:
    policy, now = report.of.rules.policy, report.of.rules.now
    return environment.get_template("review.html.j2").render(
        policy=_policy(style),
        style=style,
        institution=policy.name,
        unit=sheet.unit,
        subtitle=f"Cuentas al {moment(now, report.of.month.zone)}, hora de Colombia",
        accounts=sheet.accounts,
        form_url=policy.mail.form_url,
        help=policy.mail.help_contact,
        file=f"{sheet.stem}.csv",
        source="La lista es la que conoce el programa de gestión de usuarios: las cuentas que creó y las que algún caso trató. "
        "No dice cuándo entró alguien por última vez. Contiene datos personales: es solo para quien dirige esta dependencia.",
    )
