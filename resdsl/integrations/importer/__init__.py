"""Reads a residual `nn.Module` back as `.res` text: trace, structure, recognition, text, proof.

nn.Module ─► trace ─► Trace ─► structure ─► Spine ─► recognise, write ─► ast.Program ─► prove ─► Imported
"""

from resdsl.integrations.importer.imported import Imported, import_module, import_peer
from resdsl.integrations.importer.prove import TOLERANCE

__all__ = ["TOLERANCE", "Imported", "import_module", "import_peer"]
