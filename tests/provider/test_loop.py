"""The loop and its threads."""

from __future__ import annotations

import os
import threading

from penstock_provider.framework.loop import Loop


def test_a_thread_that_is_late_writes_into_nobodys_file(tmp_path):
    loop, go_on, done = Loop(), threading.Event(), threading.Event()
    loop.MOST_THREADS = 1
    loop.in_thread(go_on.wait)
    loop.close()
    # The numbers of its pipe are the next that are given away.
    files = [os.open(tmp_path / str(number), os.O_RDWR | os.O_CREAT) for number in range(4)]
    go_on.set()
    # The same thread begins with it after all that it does at the end of the first.
    loop.in_thread(done.set)
    assert done.wait(60)
    assert [os.fstat(number).st_size for number in files] == [0] * 4
    for number in files:
        os.close(number)
