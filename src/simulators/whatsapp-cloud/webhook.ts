import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import type { SignedBody } from "./payload.ts";

/** Meta retries at once, then with falling frequency for up to seven days; here the clock may run faster. */
export interface RetryPlan {
  readonly attempts: number;
  /** Wait before the second retry; the first comes at once, each later one waits twice as long. */
  readonly firstMs: number;
}

/** Posts a webhook once. @returns the HTTP status, 0 when nobody answered */
export async function post(webhookUrl: string, signed: SignedBody): Promise<number> {
  try {
    const { statusCode, body } = await request(webhookUrl, {
      method: "POST",
      headers: { ...signed.headers },
      body: signed.body,
    });
    await body.dump();
    return statusCode;
  } catch {
    return 0;
  }
}

/** Posts until the answer is 200. @returns how many posts it took, 0 when the plan ran out before */
export async function deliver(webhookUrl: string, signed: SignedBody, plan: RetryPlan): Promise<number> {
  for (let attempt = 1; attempt <= plan.attempts; attempt++) {
    if (attempt > 2) await sleep(plan.firstMs * 2 ** (attempt - 3));
    if ((await post(webhookUrl, signed)) === 200) return attempt;
  }
  return 0;
}

/** The subscription handshake. @returns whether the endpoint echoed the challenge with 200 */
export async function verify(webhookUrl: string, verifyToken: string): Promise<boolean> {
  const challenge = String(randomInt(1_000_000_000, 2_000_000_000));
  const url = new URL(webhookUrl);
  url.searchParams.set("hub.mode", "subscribe");
  url.searchParams.set("hub.challenge", challenge);
  url.searchParams.set("hub.verify_token", verifyToken);
  const { statusCode, body } = await request(url);
  return (await body.text()) === challenge && statusCode === 200;
}
