"""What happens, who may, and in which order."""
