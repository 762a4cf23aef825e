"""Typer in Spanish where it has no words to translate: the usage line, the help option, and what is wrong with a command line.

What it can translate by itself is in `config.locale`.
"""

import re
from difflib import get_close_matches
from typing import Any

from typer import TyperException
from typer.core import TyperCommand, TyperGroup, TyperOption

_EXTRA = re.compile(r"^Got unexpected extra arguments?(?:\(s\))? \((.*)\)$", re.DOTALL)
_NO_COMMAND = re.compile(r"^(?:No existe el comando|No such command) '(.*)'\.?$", re.DOTALL)

# The context is typed Any below: the class that Typer's own methods take for it is private to Typer.


class SpanishCommand(TyperCommand):
    """A command whose help reads in Spanish."""

    def get_usage(self, ctx: Any) -> str:
        """The usage line."""
        return _usage(super().get_usage(ctx))

    def get_help_option(self, ctx: Any) -> TyperOption | None:
        """The option --help."""
        return _explained(super().get_help_option(ctx))


class SpanishGroup(TyperGroup):
    """The program itself; its help reads in Spanish."""

    def get_usage(self, ctx: Any) -> str:
        """The usage line."""
        return _usage(super().get_usage(ctx))

    def get_help_option(self, ctx: Any) -> TyperOption | None:
        """The option --help."""
        return _explained(super().get_help_option(ctx))


def _usage(line: str) -> str:
    return re.sub(r"^Usage: ", "Uso: ", line)


def _explained(option: TyperOption | None) -> TyperOption | None:
    if option is not None:
        option.help = "Muestra esta ayuda y termina."
        option.metavar = ""
    return option


def usage_problem(error: TyperException, commands: list[str]) -> tuple[str, str]:
    """What is wrong with the command line, and what to do about it; Spanish. `commands`: the names there are."""
    context = getattr(error, "ctx", None)
    path = str(getattr(context, "command_path", "") or "gestion")
    return _said(error, commands), f"Vea cómo se usa con «{path} --help»."


def _said(error: TyperException, commands: list[str]) -> str:
    message = error.message
    option = str(getattr(error, "option_name", ""))
    # The classes are private to Typer, their names are those of Click for many years.
    match type(error).__name__:
        case "NoSuchOption":
            near = list(getattr(error, "possibilities", None) or ())
            return f"No existe la opción «{option}».{_suggestion(near)}"
        case "BadOptionUsage":
            needs = "requires" in message
            return f"La opción «{option}» {'necesita un valor' if needs else 'no lleva ningún valor'}."
        case "MissingParameter":
            parameter = getattr(error, "param", None)
            kind = "la opción" if getattr(parameter, "param_type_name", "") == "option" else "el dato"
            names = getattr(parameter, "opts", None) or [getattr(parameter, "name", "")]
            shown = names[0] if kind == "la opción" else getattr(parameter, "metavar", None) or names[0]
            return f"Falta {kind} «{shown}»."
        case "BadParameter":
            names = getattr(getattr(error, "param", None), "opts", None)
            return f"«{names[0]}»: {message}" if names else message
        case _:
            extra, unknown = _EXTRA.match(message), _NO_COMMAND.match(message)
            if extra:
                return f"Sobra esto al final: «{extra[1]}»."
            if unknown:
                return f"No existe el comando «{unknown[1]}».{_suggestion(get_close_matches(unknown[1], commands))}"
            return message


def _suggestion(near: list[str]) -> str:
    return f" ¿Quiso decir {' o '.join(f'«{name}»' for name in near)}?" if near else ""
