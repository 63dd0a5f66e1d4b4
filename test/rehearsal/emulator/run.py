"""Runs ministack, with ARNs of MSK clusters that end as those of AWS do: in a UUID and a number.

Its own end in eight digits, which a deployment refuses.
"""

import uuid

from ministack.app import main
from ministack.services import msk

cluster_arn = msk._cluster_arn
msk._cluster_arn = lambda name, _: cluster_arn(name, f"{uuid.uuid4()}-1")

if __name__ == "__main__":
    main()
