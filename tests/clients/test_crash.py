"""A slice of `scripts/crash`. How long a restart takes is not judged here: the machine may have other things to do."""

import re

import crash


def test_nothing_acknowledged_is_lost_by_kill_under_load(tmp_path):
    found = crash.run(2, str(tmp_path))
    assert found.acknowledged > 1000
    assert (found.missing, found.duplicates, found.complaints) == (0, 0, [])
    # Kafka starts over nothing else. Topics that were deleted may still be on their way; of one whose deletion the node
    # learned of after it was killed, the directory is set aside.
    names = [one.name for one in (tmp_path / "data").iterdir() if one.is_dir()]
    assert [name for name in names if not re.fullmatch(r".+-\d+(\.[0-9a-f]{32}-(delete|stray))?", name)] == []
    # A log has its file of epochs before it has its topic's id, whether anything was written to it or not.
    partitions = [one.parent for one in (tmp_path / "data").glob("*[0-9]/partition.metadata")]
    assert partitions and all((one / "leader-epoch-checkpoint").exists() for one in partitions)
