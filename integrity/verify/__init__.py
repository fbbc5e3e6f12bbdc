"""The offline verifier of evidence packages: what the other side of a case runs, without trusting us.

Written from docs/formats/evidence-package.md; shares no code with the writer of packages nor with the page that checks them. Nothing here asks
anybody anything; only ``program`` opens files, and nothing is ever unpacked.

Rooms: ``container`` and ``zip_archive`` (a ZIP or a folder as named streams, and what is refused), ``bag`` (RFC 8493), ``package`` (the two JSON
files), ``checkpoint_checks`` (checkpoint and time), ``event_checks`` (events, contents, manifests), ``verdicts`` (of files and of packages),
``verification`` (one volume from beginning to end), ``streams`` (digests of long files), ``report`` and ``texts`` (for people in three languages,
and JSON), ``program`` (``bodycam verify``), ``single_file`` (all of it as ``verify.py``).
"""
