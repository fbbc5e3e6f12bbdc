"""The recorder's side: how a recorder is read, and the dock program that reads it.

Stands on ``integrity`` alone. Holds a dock credential, never a database or storage password.
"""
