"""Copy-paste: cut-outs with an alpha channel on backgrounds, as scenes want them, with exact masks.

`cutouts.py` and `backgrounds.py` are the material, `paste.py` the pixels, `engine.py` the Generator.
"""
