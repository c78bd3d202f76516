"""The way in for every front end: opens config, ledger and connections. `Client` is the public Python API.

It writes to no stream and imports no terminal; a front end hands in where words go and who is asked.
"""

from .api import Client
from .front_end import SILENT, FrontEnd

__all__ = ["SILENT", "Client", "FrontEnd"]
