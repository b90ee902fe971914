"""The chassis: what every service stands on. README.md shows how a service is made of it."""

import os

# nameko imports eventlet, which then loads a DNS library twice over, 8 MB in each process, for green sockets that
# nothing here opens.
os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
