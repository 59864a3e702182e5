"""The codec of all topics, made once for all tests: it keeps no state."""

from typing import Final

from services.runtime.avro import Codec

CODEC: Final = Codec()
