"""Looks that the sheets of the .xlsx board share."""

from typing import Any

from intake.board.palette import HEADER_FILL

FONT = "Calibri"
HEADER_LOOK: dict[str, Any] = {
    "bold": True, "font_name": FONT, "font_size": 10, "font_color": "#FFFFFF", "bg_color": HEADER_FILL, "valign": "vcenter",
    "text_wrap": True, "border": 1, "border_color": "#FFFFFF",
}  # fmt: skip
BODY_LOOK: dict[str, Any] = {
    "font_name": FONT, "font_size": 10, "valign": "top", "num_format": "@", "bottom": 1, "bottom_color": "#D9E1EA",
}  # fmt: skip
