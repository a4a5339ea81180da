"""What people touch: the terminal application and the command line."""

import os

if os.environ.get("SSH_CONNECTION"):
    # Bandwidth is what a remote terminal lacks. Textual reads this once, when it is first imported.
    os.environ.setdefault("TEXTUAL_FPS", "15")
