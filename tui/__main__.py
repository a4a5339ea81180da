"""`python -m tui` is `genearena`."""

from genearena import main

if __name__ == "__main__":
    main()
