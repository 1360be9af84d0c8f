"""netpos: read a country's technology position from patent citations.

The public names stand in ``__init__.pyi`` once and are loaded when first used, so that ``import
netpos`` and the command line start quickly.
"""

from __future__ import annotations

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
