"""The services of the backbone, what they share (`chassis`) and what their domains share (`kernel`)."""

import warnings

# nameko imports eventlet, which says at once that it is deprecated; nothing here is driven by it.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
