"""Write-once objects over the S3 API: ``store`` (the promise), ``s3``, ``memory``, ``keys``, ``lock_probe``."""
