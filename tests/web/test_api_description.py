"""The API against its own description: whatever is asked, the answer is one that is described."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import schemathesis
from conftest import make_settings
from hypothesis import HealthCheck, given, settings
from peers.newsroom import publish
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.installation import Installation, open_installation
from service.web.app import web_app

NOON = datetime(2026, 8, 21, 12, tzinfo=UTC)
# So many requests of each kind to each operation: as described, and not as described.
REQUESTS = 2_500 if os.environ.get("PAPERROUND_TORTURE") else 15
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def house(sqlite_template: Path, tmp_path: Path) -> Iterator[Installation]:
    """An installation on an embedded database, where whoever asks may ask as often as they like."""
    shutil.copy(sqlite_template, tmp_path / "api.db")
    chosen = make_settings(
        f"sqlite:///{tmp_path / 'api.db'}",
        tmp_path,
        requests_per_address=0,
        requests_per_network=0,
        requests_in_all=0,
        previews_per_network=0,
    )
    with open_installation(chosen) as installation:
        yield installation


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("operation", ["GET /preview", "POST /subscriptions"])
def test_no_request_breaks_the_promises_of_the_description(
    operation: str, mode: GenerationMode, house: Installation
) -> None:
    publish(house, NOON, "Maps of Rivers", "Robots", "Tea")
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", web_app(house, lambda: NOON))
    method, _, path = operation.partition(" ")

    @settings(max_examples=REQUESTS, suppress_health_check=list(HealthCheck), deadline=None)
    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    def holds(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS)

    holds()
