"""A slice of `scripts/crash`. How long a restart takes is not judged here: the machine may have other things to do."""

import crash


def test_nothing_acknowledged_is_lost_by_kill_under_load(tmp_path):
    found = crash.run(2, str(tmp_path))
    assert found.acknowledged > 1000
    assert (found.missing, found.duplicates, found.complaints) == (0, 0, [])
    # A leader's epoch is noted before the first record. (A partition that was being made when the node was killed may lack
    # it until it is opened.)
    partitions = [one.parent for one in (tmp_path / "data").glob("*/partition.metadata")]
    written = [one for one in partitions if any(log.stat().st_size for log in one.glob("*.log"))]
    assert written and all((one / "leader-epoch-checkpoint").exists() for one in written)
