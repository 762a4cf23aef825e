"""A reply of Graph that is read in pieces."""

from collections.abc import Iterator, Mapping

import requests

from config.errors import Target
from config.graph.session import transport_error

PIECE_BYTES = 256 * 1024


class Streamed:
    """A reply of success whose body has not been read; good inside its `with`. Read `chunks` once."""

    def __init__(self, response: requests.Response, target: Target) -> None:
        self._response = response
        self._target = target

    @property
    def status(self) -> int:
        """200, or 206 for a part."""
        return self._response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        """Whatever the case of their names."""
        return self._response.headers

    def chunks(self) -> Iterator[bytes]:
        """The body, 256 KiB at a time at the most. Raises Transient when it breaks off, also short of its Content-Length."""
        try:
            yield from self._response.iter_content(PIECE_BYTES)
        except requests.RequestException as error:
            raise transport_error(error, self._target, "una descarga") from error
