"""The attacks at full size: more people, more seeds, and each found thing said. `python tests/attacks/full_size.py [seeds]`.

Takes some minutes. Ends with 1 if anything was found.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from schema.disclosure import PERSONS_RULE
from tests.attacks.synthetic_people import SMALL_DIMENSIONS, attack_history

LARGER_DIMENSIONS = {"place": ("w0", "w1", "w2"), "age": ("a", "b", "c"), "sex": ("f", "m"), "group": ("x", "y")}


def main() -> int:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    refused = bad = attacks = 0
    for seed in range(seeds):
        for dimensions, mean in (
            (SMALL_DIMENSIONS, 8.0),
            (SMALL_DIMENSIONS, 20.0),
            (LARGER_DIMENSIONS, 8.0),
            (LARGER_DIMENSIONS, 15.0),
        ):
            found = attack_history(dimensions, seed=seed, mean=mean, rule=PERSONS_RULE, publish_alone=bool(seed % 2))
            attacks += 1
            if found is None:
                refused += 1
                continue
            bad += bool(found)
            for one in found:
                print(f"seed {seed}, mean {mean:.0f}:", *one)
    print(f"{attacks} cubes attacked over three releases; {refused} refused to be released; something found in {bad}")
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
