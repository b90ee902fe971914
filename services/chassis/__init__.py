"""The chassis: what every service stands on. README.md shows how a service is made of it."""
