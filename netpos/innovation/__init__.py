"""The innovation chain beside patents: R&D intensity, companies, and the shares along the chain."""
