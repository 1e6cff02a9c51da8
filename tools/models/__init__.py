"""Networks that are used: opened from a file, asked about images, their answers fused and weighed."""
