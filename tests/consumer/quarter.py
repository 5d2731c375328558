"""What a partner's script looks like: it knows the SDK alone, and is checked by pyright as strictly as can be.

It runs against the sandbox, with the address and the key in the environment. The script of the last tag must run, and
be typed, with the SDK of today.
"""

import asyncio
from datetime import UTC, datetime

from work_health import (
    AsyncWorkHealth,
    Finding,
    ObligationState,
    PreviewFigure,
    RequestRejected,
    SubmissionResult,
    WorkHealth,
    new_return,
    new_submission,
    observation,
)

MEASURE, PERIOD, CITY = "health-to-employment-referrals", "FY2025-26-Q1", "E06000018"


def owed(client: WorkHealth, programme: str) -> set[ObligationState]:
    return {one.state for one in client.list_obligations(programme, measure=MEASURE, period=PERIOD).items}


def send(client: WorkHealth, total: int) -> SubmissionResult:
    return client.submit([{"area": CITY, "value": total}], measure=MEASURE, period=PERIOD)


def refused(client: WorkHealth) -> list[Finding]:
    try:
        client.submit([{"area": CITY, "value": -1}], measure=MEASURE, period=PERIOD)
    except RequestRejected as refusal:
        return refusal.findings
    return []


def figures(client: WorkHealth) -> list[PreviewFigure]:
    return list(client.outcomes(preview=True, measure=[MEASURE], period=PERIOD))


async def again(programme: str, total: int) -> str:
    async with AsyncWorkHealth(timeout=60, max_retries=3) as client:
        push = new_submission(new_return(MEASURE, PERIOD, [observation(CITY, total)]))
        report = await client.create_submission(programme, push, dry_run=True)
        return report.outcome.value


def main() -> None:
    with WorkHealth() as client:
        programme = client.resolve_programme()
        states: set[ObligationState] = owed(client, programme)
        assert states
        said = send(client, 31)
        revision: int | None = said.report.returns[0].revision
        assert revision == 1
        faults: list[str] = [finding.code for finding in refused(client)]
        assert faults == ["negative-number"]
        values: list[float | None] = [figure.value for figure in figures(client)]
        assert values == [31]
        standing = {one.period.code: one.recorded_at for one in client.iter_returns(programme, measure=MEASURE)}
        assert standing[PERIOD] <= datetime.now(UTC)
        node = client.plan()["O4"]
        assert MEASURE in [measure.slug for measure in node.measures]
        print(said.outcome, asyncio.run(again(programme, 31)))


if __name__ == "__main__":
    main()
