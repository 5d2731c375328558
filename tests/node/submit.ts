// A partner's program in TypeScript: its types come from openapi.yaml alone. It runs against the sandbox.
import createClient from "openapi-fetch";
import type { components, paths } from "./contract.js";

const { WORK_HEALTH_URL, WORK_HEALTH_KEY } = process.env;
const client = createClient<paths>({
  baseUrl: WORK_HEALTH_URL ?? "",
  headers: { Authorization: `Bearer ${WORK_HEALTH_KEY}` },
});

const me = await client.GET("/v1/me");
if (me.error) throw new Error(me.error.title);
const programme = me.data.grants[0]?.programme ?? "";

async function submit(total: number): Promise<components["schemas"]["SubmissionReport"]["outcome"] | string> {
  const { data, error } = await client.POST("/v1/programmes/{programme}/submissions", {
    params: { path: { programme }, header: { "Idempotency-Key": crypto.randomUUID() } },
    body: {
      returns: [
        {
          measure: "health-to-employment-referrals",
          period: "FY2025-26-Q1",
          observations: [{ area: "E06000018", value: total }],
        },
      ],
    },
  });
  return data ? data.outcome : (error.errors?.[0]?.code ?? error.title);
}

console.log(await submit(140), await submit(140), await submit(-1));
