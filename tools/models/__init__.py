"""Networks that are used: opened from a file, asked about pictures, their answers fused and weighed."""
