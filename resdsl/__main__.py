"""`resdsl` and `python -m resdsl`."""

from resdsl.cli.app import main

if __name__ == "__main__":
    main()
