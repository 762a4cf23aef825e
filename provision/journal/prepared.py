"""Statements that SQLAlchemy writes once and the driver runs: the ones that every step of every case needs.

SQLAlchemy writes them in the store's own dialect, with its types. What it adds at each execution (a context, a result, their
rows) takes many times what SQLite takes for such a statement, and a case runs some sixty of them (benchmarks/).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.sql.compiler import SQLCompiler

_Convert = Callable[[Any], Any]
_Statement = Select[Any] | Insert | Update | Delete


@dataclass(frozen=True, slots=True)
class _Written:
    """A statement as one driver takes it. A name that is not a constant is a value of each execution."""

    sql: str
    by_position: bool
    names: tuple[str, ...]
    converting: tuple[_Convert | None, ...]
    constants: Mapping[str, object]
    reading: tuple[_Convert | None, ...]

    def parameters(self, values: Mapping[str, object]) -> Any:
        """The values in the driver's own types. KeyError for a missing one, StatementError for one that cannot be kept."""
        constants = self.constants
        plain = [constants[name] if name in constants else values[name] for name in self.names]
        try:
            given = [
                value if convert is None else convert(value) for value, convert in zip(plain, self.converting, strict=True)
            ]
        except (ValueError, TypeError) as error:
            raise StatementError(str(error), self.sql, None, error) from error
        return given if self.by_position else dict(zip(self.names, given, strict=True))

    def read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """A row in our types."""
        return tuple(value if convert is None else convert(value) for value, convert in zip(row, self.reading, strict=True))


class Prepared:
    """A statement for `connection`'s open transaction; what is given by name is what `Connection.execute` would take.

    `statement` makes it when it is first needed: an idle poll needs none. `in_postgresql` replaces it there, for what each
    store says in words of its own. Raises DBAPIError as SQLAlchemy does, but with no value in it.
    """

    def __init__(self, statement: Callable[[], _Statement], *, in_postgresql: Callable[[], _Statement] | None = None) -> None:
        self._statement = statement
        self._in_postgresql = in_postgresql
        self._written: dict[tuple[str, str, tuple[str, ...]], _Written] = {}

    def run(self, connection: Connection, values: Mapping[str, object]) -> int:
        """Execute it, and say how many rows it changed."""
        written = self._for(connection.dialect, values)
        with _cursor(connection) as cursor:
            cursor.execute(written.sql, written.parameters(values))
            return cursor.rowcount

    def rows(self, connection: Connection, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """Execute it, and return what it finds or returns, in the order of its columns."""
        written = self._for(connection.dialect, values)
        with _cursor(connection) as cursor:
            cursor.execute(written.sql, written.parameters(values))
            return [written.read(row) for row in cursor.fetchall()]

    def one(self, connection: Connection, values: Mapping[str, object]) -> tuple[Any, ...] | None:
        """Its only row, or None. Raises ValueError when there are more."""
        found = self.rows(connection, values)
        if len(found) > 1:
            raise ValueError(f"{len(found)} rows where there is one at most")
        return found[0] if found else None

    def _for(self, dialect: Dialect, values: Mapping[str, object]) -> _Written:
        key = (dialect.name, dialect.driver, tuple(values))
        written = self._written.get(key)
        if written is None:
            make = self._in_postgresql if dialect.name == "postgresql" else None
            written = self._written[key] = _write((make or self._statement)(), dialect, list(values))
        return written


def run_plain(connection: Connection, sql: str) -> None:
    """Have the driver run a statement without values. Raises DBAPIError."""
    with _cursor(connection) as cursor:
        cursor.execute(sql)


@contextmanager
def _cursor(connection: Connection) -> Iterator[DBAPICursor]:
    """The driver's cursor; its errors as SQLAlchemy's, with the driver's text alone: values may be personal data."""
    driver = connection.dialect.loaded_dbapi
    try:
        with closing(connection.connection.cursor()) as cursor:
            yield cursor
    except driver.Error as error:
        raise DBAPIError.instance(None, None, error, driver.Error, dialect=connection.dialect) from error


def _write(statement: _Statement, dialect: Dialect, names: list[str]) -> _Written:
    compiled = statement.compile(dialect=dialect, column_keys=names)
    if not isinstance(compiled, SQLCompiler):
        raise TypeError("not a statement with values")
    order = tuple(compiled.positiontup) if compiled.positiontup is not None else tuple(compiled.bind_names.values())
    binds = compiled.binds
    return _Written(
        sql=compiled.string,
        by_position=compiled.positiontup is not None,
        names=order,
        converting=tuple(binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in order),
        constants={name: binds[name].effective_value for name in order if not binds[name].required},
        reading=tuple(column.type.dialect_impl(dialect).result_processor(dialect, None) for column in _columns(statement)),
    )


def _columns(statement: _Statement) -> Sequence[Any]:
    return tuple(statement.exported_columns)
