import { execFileSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { openLedger } from "#src/retention/ledger.ts";
import { createTestKeys } from "../support/keys.ts";

const line = (epoch: number) => ({ epoch, purgeId: "p", at: "2026-11-23T10:00:00.000Z" });

describe("the deletion ledger", () => {
  it("stays readable after a line that a crash cut short, and has that purge once it is finished", async () => {
    await using keys = await createTestKeys();
    const ledger = openLedger(keys.directory);
    ledger.append(line(1));
    appendFileSync(join(keys.directory, "purged.ndjson"), '{"epoch":2,"pur');
    expect(ledger.read()).toEqual([line(1)]);
    for (const epoch of [2, 3]) ledger.append(line(epoch));
    expect(ledger.read()).toEqual([line(1), line(2), line(3)]);
  });

  it("fails where the disk takes only a part of a line: no key is destroyed of which it does not know", async () => {
    await using keys = await createTestKeys();
    const script = `const { openLedger } = await import("#src/retention/ledger.ts");
      const ledger = openLedger(process.env.DIRECTORY);
      let appended = 0;
      try { for (let epoch = 1; epoch <= 40; epoch += 1) { ledger.append({ epoch, purgeId: "p", at: "" }); appended = epoch; } } catch {}
      console.log(JSON.stringify({ appended, read: ledger.read().length }));`;
    const limited = 'ulimit -f 1; exec "$NODE" --input-type=module -e "$SCRIPT"';
    const env = { ...process.env, NODE: process.execPath, SCRIPT: script, DIRECTORY: keys.directory };
    const { appended, read } = JSON.parse(execFileSync("bash", ["-c", limited], { env, encoding: "utf8" })) as Record<
      string,
      number
    >;
    expect(appended).toBeLessThan(40);
    expect(read).toBe(appended);
  });
});
