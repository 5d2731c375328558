"""Sizes stay within the limits of CONTRIBUTING.md."""

from tools.measure_sizes import (
    MAX_LONG_FUNCTIONS,
    deep_handlers,
    handler_depths,
    long_functions,
    long_modules,
    python_files,
)


def test_no_module_is_over_the_limit():
    assert long_modules() == []


def test_almost_no_function_is_over_the_limit():
    assert len(long_functions()) <= MAX_LONG_FUNCTIONS, long_functions()


def test_no_handler_is_far_from_its_sql():
    assert deep_handlers() == []


def test_measurement_covers_the_code():
    assert len(python_files()) > 150
    assert len(handler_depths()) > 60
    assert sum(depth.size >= 1 for depth in handler_depths()) > 50, "most handlers reach SQL through another function"
