"""Whether two customers may become one."""

from collections.abc import Collection

from common.verdict import Reason, Verdict, objections


def may_merge(keep_id: int, lose_id: int, merged_ids: Collection[int]) -> Verdict:
    """Two different ones, neither of them merged into another before (`merged_ids`)."""
    return objections(
        [
            Reason("customer.merged_with_itself") if keep_id == lose_id else None,
            Reason("customer.already_merged") if {keep_id, lose_id} & set(merged_ids) else None,
        ]
    )
