"""Run the attacks with more people and more seeds: `python tests/attacks/full_size.py [seeds]`.

This takes some minutes. It prints each disclosure, and exits with 1 if there is any.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from schema.disclosure import PERSONS_RULE
from tests.attacks.synthetic_people import SMALL_DIMENSIONS, attack_history

LARGER_DIMENSIONS = {"place": ("w0", "w1", "w2"), "age": ("a", "b", "c"), "sex": ("f", "m"), "group": ("x", "y")}


def main() -> int:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    refused = disclosing = attacks = 0
    for seed in range(seeds):
        for dimensions, mean in (
            (SMALL_DIMENSIONS, 8.0),
            (SMALL_DIMENSIONS, 20.0),
            (LARGER_DIMENSIONS, 8.0),
            (LARGER_DIMENSIONS, 15.0),
        ):
            disclosures = attack_history(
                dimensions, seed=seed, mean=mean, rule=PERSONS_RULE, publish_alone=bool(seed % 2)
            )
            attacks += 1
            if disclosures is None:
                refused += 1
                continue
            disclosing += bool(disclosures)
            for disclosure in disclosures:
                print(f"seed {seed}, mean {mean:.0f}:", *disclosure)
    print(f"{attacks} cubes attacked over three releases; {refused} releases refused; disclosures in {disclosing}")
    return min(disclosing, 1)


if __name__ == "__main__":
    sys.exit(main())
