"""Footage from elsewhere: a folder or an image of a card, read like a recorder and brought through the same protocol.

``source`` is the folder, ``card_image`` an image with what is on it, ``mapping`` the table that a vendor's export brings along, ``client`` the calls
that open and close an import, ``command`` the program ``bodycam import``.
"""
