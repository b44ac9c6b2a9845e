import os
import warnings

import numpy as np
import pytest

from graphkit.model.zeros import zeros


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int32, np.uint64])
@pytest.mark.parametrize("size", [0, 1, 1000, 3_000_000])
def test_they_are_zeros_that_can_be_written(dtype: type[np.generic], size: int) -> None:
    found = zeros(size, dtype)
    plain = np.zeros(size, dtype=dtype)
    assert found.dtype == plain.dtype
    assert np.array_equal(found, plain)
    found[size // 2 :] = 1
    plain[size // 2 :] = 1
    assert np.array_equal(found, plain)


def test_a_forked_process_writes_into_its_own() -> None:
    found = zeros(10, np.int32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of the test runner, which are not used here
        child = os.fork()
    if child == 0:
        found[:] = 7
        os._exit(0)
    os.waitpid(child, 0)
    assert not found.any()
