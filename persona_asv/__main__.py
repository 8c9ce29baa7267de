"""``python -m persona_asv``: our command line, as the script ``persona-asv``."""

from persona_asv.door import main

if __name__ == "__main__":
    main()
