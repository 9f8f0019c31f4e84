from collections.abc import Iterator

import pytest

from .stand import Stand


@pytest.fixture
def stand(tmp_path) -> Iterator[Stand]:
    made = Stand(tmp_path)
    made.executor.start()
    yield made
    made.close()
