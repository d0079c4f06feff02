import { request } from "undici";

const PATIENCE_MS = 20_000;

/** Posts JSON once. Rejects unless the answer, within 20 s, is a 2xx. */
export async function postJson(url: string, body: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const { statusCode, body: answer } = await request(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  await answer.dump();
  if (statusCode < 200 || statusCode > 299) throw new Error(`posting to ${new URL(url).host}: answered ${statusCode}`);
}
