"""Removing files from a recorder's disk: the only writing to a medium that there is, and why it runs apart.

Reading needs no mount and no rights; removing is left to the kernel, which knows how to write FAT and exFAT, and needs root. So it is done by
``program``, a short-lived process that takes one request, mounts one volume where nobody else sees it, removes the files that are still
exactly as they were listed, and unmounts. ``client`` asks it, either as a child or through a socket; ``request`` is what they say to each
other; ``checks`` looks at each file again; ``block_device`` and ``kernel`` are the program's ways to the disk. See docs/adr/0011.
"""
