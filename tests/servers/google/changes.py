"""`spreadsheets.batchUpdate` of the fake Google: every request or none, as Google applies them."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from tests.servers.google.grid import SheetTab, Spreadsheet
from tests.servers.google.server import ApiError

Change = Callable[[Mapping[str, Any]], dict[str, Any] | None]
_CELL_LIMIT = 50_000


class Changes:
    """One batch on one spreadsheet. A request that Google would refuse undoes those before it."""

    def __init__(self, book: Spreadsheet, protected: set[str]) -> None:
        self._book = book
        self._protected = protected
        self._kinds: Mapping[str, Change] = {
            "addSheet": self._add_sheet,
            "appendDimension": self._append_dimension,
            "updateCells": self._update_cells,
            "updateSheetProperties": self._update_sheet,
            "repeatCell": self._kept,
            "updateDimensionProperties": self._update_dimension,
            "setDataValidation": self._set_validation,
            "setBasicFilter": self._set_filter,
            "findReplace": self._find_replace,
            "addConditionalFormatRule": self._add_rule,
            "deleteConditionalFormatRule": self._delete_rule,
            "addFilterView": self._add_filter_view,
            "updateFilterView": self._update_filter_view,
            "addProtectedRange": self._protect,
            "deleteProtectedRange": self._unprotect,
            "addChart": self._add_chart,
            "updateChartSpec": self._update_chart,
            "createDeveloperMetadata": self._add_metadata,
            "updateDeveloperMetadata": self._update_metadata,
        }

    def apply(self, requests: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Carry them out in their order. Raises ApiError, with nothing changed."""
        before = [(tab, {each.name: copy.copy(getattr(tab, each.name)) for each in fields(tab)}) for tab in self._book.tabs]
        replies = []
        for number, request in enumerate(requests):
            [(kind, change)] = request.items()
            try:
                apply = self._kinds.get(kind)
                if apply is None:
                    raise ApiError(400, "INVALID_ARGUMENT", "not in this fake")
                answer = apply(change)
                replies.append({kind: answer} if answer else {})
            except ApiError as error:
                self._book.tabs[:] = [tab for tab, _ in before]
                for tab, values in before:
                    for name, value in values.items():
                        setattr(tab, name, value)
                raise ApiError(error.status, error.reason, f"Invalid requests[{number}].{kind}: {error.message}") from error
        return replies

    def _tab(self, sheet_id: int) -> SheetTab:
        tab = next((tab for tab in self._book.tabs if tab.sheet_id == sheet_id), None)
        if tab is None:
            raise _refused(f"No grid with id: {sheet_id}")
        return tab

    def _kept(self, change: Mapping[str, Any]) -> None:
        self._tab(change["range"]["sheetId"]).furniture.append({"repeatCell": change})

    def _add_sheet(self, change: Mapping[str, Any]) -> dict[str, Any]:
        properties = change["properties"]
        title, grid = properties["title"], properties.get("gridProperties", {})
        if any(tab.title.casefold() == title.casefold() for tab in self._book.tabs):
            raise _refused(f'A sheet with the name "{title}" already exists. Please enter another name.')
        if any(tab.sheet_id == properties["sheetId"] for tab in self._book.tabs):
            raise _refused("Sheet id already exists")
        tab = SheetTab(properties["sheetId"], title, grid.get("rowCount", 1000), grid.get("columnCount", 26))
        tab.frozen_rows, tab.frozen_columns = grid.get("frozenRowCount", 0), grid.get("frozenColumnCount", 0)
        tab.hidden = properties.get("hidden", False)
        self._book.add(tab)
        return {"properties": tab_reply(tab, len(self._book.tabs) - 1)["properties"]}

    def _append_dimension(self, change: Mapping[str, Any]) -> None:
        tab = self._tab(change["sheetId"])
        if change["dimension"] == "ROWS":
            tab.rows += change["length"]
        else:
            tab.columns += change["length"]

    def _update_cells(self, change: Mapping[str, Any]) -> None:
        start = change["start"]
        tab = self._tab(start["sheetId"])
        self._check_editable(tab)
        masks = change["fields"].split(",")
        for number, row in enumerate(change["rows"], start=start["rowIndex"] + 1):
            for column, cell in enumerate(row["values"], start=start["columnIndex"] + 1):
                within(tab, number, column)
                if "userEnteredValue" in masks:
                    _enter(tab, number, column, cell.get("userEnteredValue", {}))
                if "note" in masks:
                    tab.notes.pop((number, column), None)
                    if cell.get("note"):
                        tab.notes[number, column] = cell["note"]

    def _check_editable(self, tab: SheetTab) -> None:
        if tab.title in self._protected:
            raise _refused("You are trying to edit a protected cell or object. Please contact the spreadsheet owner.")

    def _update_sheet(self, change: Mapping[str, Any]) -> None:
        tab = self._tab(change["properties"]["sheetId"])
        grid = change["properties"]["gridProperties"]
        tab.frozen_rows = grid.get("frozenRowCount", tab.frozen_rows)
        tab.frozen_columns = grid.get("frozenColumnCount", tab.frozen_columns)

    def _update_dimension(self, change: Mapping[str, Any]) -> None:
        span, properties = change["range"], change["properties"]
        tab = self._tab(span["sheetId"])
        for column in range(span["startIndex"] + 1, span["endIndex"] + 1):
            within(tab, 1, column)
            tab.widths[column] = properties["pixelSize"]
            if properties.get("hiddenByUser"):
                tab.hidden_columns.add(column)

    def _set_validation(self, change: Mapping[str, Any]) -> None:
        tab = self._tab(change["range"]["sheetId"])
        values = tuple(value["userEnteredValue"] for value in change["rule"]["condition"]["values"])
        if not values:
            raise _refused("A ONE_OF_LIST condition needs a value")
        for place in _places(tab, change["range"]):
            tab.choices[place] = values

    def _set_filter(self, change: Mapping[str, Any]) -> None:
        self._tab(change["filter"]["range"]["sheetId"]).basic_filter = change["filter"]

    def _find_replace(self, change: Mapping[str, Any]) -> dict[str, Any]:
        tab = self._tab(change["range"]["sheetId"])
        self._check_editable(tab)
        if not (change.get("matchCase") and change.get("matchEntireCell")) or change.get("searchByRegex"):
            raise _refused("not in this fake")
        found = [place for place in _places(tab, change["range"]) if str(tab.cells.get(place, "")) == change["find"]]
        for place in found:
            tab.put(*place, change["replacement"])
        return {"valuesChanged": len(found), "occurrencesChanged": len(found)} if found else {}

    def _add_rule(self, change: Mapping[str, Any]) -> None:
        rule = change["rule"]
        self._tab(rule["ranges"][0]["sheetId"]).rules.insert(change["index"], rule)

    def _delete_rule(self, change: Mapping[str, Any]) -> dict[str, Any]:
        rules = self._tab(change["sheetId"]).rules
        if change["index"] >= len(rules):
            raise _refused(f"No conditional format on sheet at index: {change['index']}")
        return {"rule": rules.pop(change["index"])}

    def _add_filter_view(self, change: Mapping[str, Any]) -> dict[str, Any]:
        view = change["filter"]
        if any(view["filterViewId"] in tab.filter_views for tab in self._book.tabs):
            raise _refused("Filter view id already exists")
        self._tab(view["range"]["sheetId"]).filter_views[view["filterViewId"]] = view
        return {"filter": view}

    def _update_filter_view(self, change: Mapping[str, Any]) -> None:
        view = change["filter"]
        for tab in self._book.tabs:
            if view["filterViewId"] in tab.filter_views:
                tab.filter_views[view["filterViewId"]] = view
                return
        raise _refused(f"No filter view with id: {view['filterViewId']}")

    def _protect(self, change: Mapping[str, Any]) -> dict[str, Any]:
        protection = change["protectedRange"]
        if any(protection["protectedRangeId"] in tab.protections for tab in self._book.tabs):
            raise _refused("Protected range id already exists")
        self._tab(protection["range"]["sheetId"]).protections[protection["protectedRangeId"]] = protection
        return {"protectedRange": protection}

    def _unprotect(self, change: Mapping[str, Any]) -> None:
        for tab in self._book.tabs:
            if tab.protections.pop(change["protectedRangeId"], None) is not None:
                return
        raise _refused(f"No protected range with ID: {change['protectedRangeId']}")

    def _add_chart(self, change: Mapping[str, Any]) -> dict[str, Any]:
        chart = change["chart"]
        self._check_sources(chart["spec"])
        if any(chart["chartId"] in tab.charts for tab in self._book.tabs):
            raise _refused("Chart id already exists")
        self._tab(chart["position"]["overlayPosition"]["anchorCell"]["sheetId"]).charts[chart["chartId"]] = chart
        return {"chart": chart}

    def _update_chart(self, change: Mapping[str, Any]) -> None:
        self._check_sources(change["spec"])
        for tab in self._book.tabs:
            if change["chartId"] in tab.charts:
                tab.charts[change["chartId"]] = {**tab.charts[change["chartId"]], "spec": change["spec"]}
                return
        raise _refused(f"No chart with id: {change['chartId']}")

    def _check_sources(self, spec: Mapping[str, Any]) -> None:
        chart = spec["basicChart"]
        parts = [each["domain"] for each in chart["domains"]] + [each["series"] for each in chart["series"]]
        for source in (source for part in parts for source in part["sourceRange"]["sources"]):
            within(self._tab(source["sheetId"]), source["endRowIndex"], source["endColumnIndex"])

    def _add_metadata(self, change: Mapping[str, Any]) -> dict[str, Any]:
        number = 1 + sum(len(tab.metadata) for tab in self._book.tabs)
        metadata = {**change["developerMetadata"], "metadataId": number}
        self._tab(metadata["location"]["sheetId"]).metadata[number] = metadata
        return {"developerMetadata": metadata}

    def _update_metadata(self, change: Mapping[str, Any]) -> None:
        for lookup in (each["developerMetadataLookup"] for each in change["dataFilters"]):
            metadata = self._tab(lookup["metadataLocation"]["sheetId"]).metadata
            for number, mark in metadata.items():
                if mark["metadataKey"] == lookup["metadataKey"]:
                    metadata[number] = {**mark, **change["developerMetadata"]}
                    return
        raise _refused("No developer metadata matches")


def _refused(message: str) -> ApiError:
    return ApiError(400, "INVALID_ARGUMENT", message)


def _enter(tab: SheetTab, row: int, column: int, value: Mapping[str, Any]) -> None:
    [entered] = value.values() or [""]
    if isinstance(entered, str) and len(entered) > _CELL_LIMIT:
        raise _refused("Your input contains more than the maximum of 50000 characters in a single cell.")
    tab.put(row, column, entered)
    if "formulaValue" in value:
        tab.formulas.add((row, column))


def _places(tab: SheetTab, area: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    bottom, right = area.get("endRowIndex", tab.rows), area.get("endColumnIndex", tab.columns)
    within(tab, bottom, right)
    for row in range(area.get("startRowIndex", 0) + 1, bottom + 1):
        for column in range(area.get("startColumnIndex", 0) + 1, right + 1):
            yield row, column


def within(tab: SheetTab, row: int, column: int) -> None:
    """Raise Google's error for a cell outside the grid."""
    if row > tab.rows or column > tab.columns:
        limits = f"Max rows: {tab.rows}, max columns: {tab.columns}"
        raise _refused(f"Range ({tab.title}!{letters(column)}{row}) exceeds grid limits. {limits}")


def tab_reply(tab: SheetTab, index: int) -> dict[str, Any]:
    """A tab as `spreadsheets.get` gives it, without its cells; what is empty is left out, as Google does."""
    grid = {
        "rowCount": tab.rows,
        "columnCount": tab.columns,
        "frozenRowCount": tab.frozen_rows,
        "frozenColumnCount": tab.frozen_columns,
    }
    properties = {
        "sheetId": tab.sheet_id, "title": tab.title, "index": index, "sheetType": "GRID", "gridProperties": grid,
        **({"hidden": True} if tab.hidden else {}),
    }  # fmt: skip
    lists = {
        "conditionalFormats": tab.rules,
        "filterViews": list(tab.filter_views.values()),
        "protectedRanges": list(tab.protections.values()),
        "charts": list(tab.charts.values()),
        "developerMetadata": list(tab.metadata.values()),
    }
    filled = {name: found for name, found in lists.items() if found}
    return {"properties": properties, **filled, **({"basicFilter": tab.basic_filter} if tab.basic_filter else {})}


def letters(column: int) -> str:
    """Letters of a column; 1 is A."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
