"""An example of a partner's script. It imports only the SDK, and pyright checks it in strict mode.

It runs against the sandbox, with the address and the key in the environment. The script of the last tag must run with
the current SDK, and pass the type checker.
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


def fetch_states(client: WorkHealth, programme: str) -> set[ObligationState]:
    return {obligation.state for obligation in client.list_obligations(programme, measure=MEASURE, period=PERIOD).items}


def submit(client: WorkHealth, total: int) -> SubmissionResult:
    return client.submit([{"area": CITY, "value": total}], measure=MEASURE, period=PERIOD)


def find_faults(client: WorkHealth) -> list[Finding]:
    try:
        client.submit([{"area": CITY, "value": -1}], measure=MEASURE, period=PERIOD)
    except RequestRejected as refusal:
        return refusal.findings
    return []


def fetch_figures(client: WorkHealth) -> list[PreviewFigure]:
    return list(client.outcomes(preview=True, measure=[MEASURE], period=PERIOD))


async def submit_again(programme: str, total: int) -> str:
    async with AsyncWorkHealth(timeout=60, max_retries=3) as client:
        submission = new_submission(new_return(MEASURE, PERIOD, [observation(CITY, total)]))
        report = await client.create_submission(programme, submission, dry_run=True)
        return report.outcome.value


def main() -> None:
    with WorkHealth() as client:
        programme = client.resolve_programme()
        states: set[ObligationState] = fetch_states(client, programme)
        assert states
        result = submit(client, 31)
        revision: int | None = result.report.returns[0].revision
        assert revision == 1
        faults: list[str] = [finding.code for finding in find_faults(client)]
        assert faults == ["negative-number"]
        values: list[float | None] = [figure.value for figure in fetch_figures(client)]
        assert values == [31]
        recorded = {
            revision.period.code: revision.recorded_at for revision in client.iter_returns(programme, measure=MEASURE)
        }
        assert recorded[PERIOD] <= datetime.now(UTC)
        node = client.plan()["O4"]
        assert MEASURE in [measure.slug for measure in node.measures]
        print(result.outcome, asyncio.run(submit_again(programme, 31)))


if __name__ == "__main__":
    main()
