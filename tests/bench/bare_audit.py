"""What an audit of a file is measured against: the same file read and parsed once, and nothing else done."""

import json
import sys
from decimal import Decimal


def main() -> None:
    """Parse every CDR of a list that has one on each line."""
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("{"):
                json.loads(line.rstrip().removesuffix(","), parse_float=Decimal)


if __name__ == "__main__":
    main()
