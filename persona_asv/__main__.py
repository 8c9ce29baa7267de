"""``python -m persona_asv``: the same door as the scripts ``persona`` and ``persona-asv``."""

from persona_asv.door import main

if __name__ == "__main__":
    main()
