"""A slice of `scripts/crash`. How long a restart takes is not judged here: the machine may have other things to do."""

import crash


def test_nothing_acknowledged_is_lost_by_kill_under_load(tmp_path):
    found = crash.run(2, str(tmp_path))
    assert found.acknowledged > 1000
    assert (found.missing, found.duplicates, found.complaints) == (0, 0, [])
