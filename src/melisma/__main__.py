"""`python -m melisma` is the command `melisma`."""

from .cli.main import main

if __name__ == "__main__":
    main()
