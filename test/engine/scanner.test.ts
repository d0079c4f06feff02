import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { EICAR, startClamd, type Clamd } from "#src/simulators/clamd.ts";
import { freePort } from "#src/demo/free-port.ts";
import { picture } from "../attachments/pictures.ts";
import { sendImage } from "./attachment-support.ts";
import { startTestEngine, type TestEngine } from "./harness.ts";

let engine: TestEngine;

describe("an attachment where clamd is configured", () => {
  let clamd: Clamd;
  let port: number;
  beforeAll(async () => {
    port = await freePort("127.0.0.1");
    engine = await startTestEngine({ env: { BOTENSTOFF_CLAMD: `tcp://127.0.0.1:${port}` } });
    await engine.admit();
  });
  afterAll(async () => {
    await engine.close();
    await clamd.close();
  });

  it("waits while clamd is away and is filed when it is back", async () => {
    const { sent } = await sendImage(engine, await picture("jpeg"), "image/jpeg");
    await engine.eventually("it waits for the scanner", async () => {
      const [found] = await engine.api.find(sent);
      const { rows } = await engine.store.query<{ last_error: string | null }>(
        "SELECT last_error FROM message WHERE id = $1",
        [found?.id],
      );
      return rows[0]?.last_error?.startsWith("SCANNER_UNAVAILABLE: ") ?? false;
    });
    expect((await engine.api.find(sent))[0]?.state).toBe("received");
    clamd = await startClamd({ port });
    await engine.until(sent, "filed");
    expect(clamd.scanned).toHaveLength(1);
  });

  it("is held when clamd finds something, or cannot say", async () => {
    const infected = Buffer.concat([await picture("png"), Buffer.from(EICAR)]);
    const found = await sendImage(engine, infected, "image/png");
    expect((await engine.until(found.sent, "held")).last_error).toBe(
      "MEDIA_INFECTED: scanning an attachment: clamd found Win.Test.EICAR_HDB-1",
    );
    clamd.behave(["error"]);
    const unsaid = await sendImage(engine, await picture("png"), "image/png");
    expect((await engine.until(unsaid.sent, "held")).last_error).toMatch(/^MEDIA_NOT_SCANNED: /);
  });
});
