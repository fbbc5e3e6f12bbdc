"""GPS tracks, as recorders write them: into files of their own, and into their recordings. Pure Python, no library, no database, no store.

``read_track`` (by content, the whole of it, for callers), ``track`` (what is found, as values), ``summary`` (what is kept of it), ``nmea``,
``wkt_json``, ``gpx`` (files of text), ``novatek`` with ``boxes`` (blocks inside MP4 and MOV), ``window`` (bounded reading).
"""
