"""What a measure of smoothness takes of memory and time, before it starts."""
