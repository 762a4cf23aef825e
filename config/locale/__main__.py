"""`python -m config.locale` compiles the catalogue."""

from config.locale import write_compiled

if __name__ == "__main__":
    write_compiled()
