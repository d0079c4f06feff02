/** An engine process of the keyring tests: waits for the file `go`, then takes keys until every epoch is destroyed. */
import { existsSync } from "node:fs";
import { BotenstoffError } from "#src/message/error-code.ts";
import { keyringIn } from "./temporary.ts";

const [directory = "", go = "", mode = "", list = ""] = process.argv.slice(2);
const keys = new Map<number | string, string>();
const unexpected: string[] = [];

process.stdout.write("ready\n");
while (!existsSync(go));
const keyring = keyringIn(directory);
const open = new Set(list.split(",").map(Number));

if (mode === "once") {
  for (const epoch of open) keys.set(epoch, keyring.epochKey(epoch).toString("hex"));
  for (const name of ["blind-index", "seen", "directory"] as const) keys.set(name, keyring.named(name).toString("hex"));
  keys.set("signing", keyring.signingKey().keyId);
} else {
  const deadline = Date.now() + 20_000;
  while (open.size > 0 && Date.now() < deadline) {
    for (const epoch of open) take(epoch);
    // What another process destroyed is noticed in the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const epoch of open) unexpected.push(`${epoch} was never destroyed`);
}
process.stdout.write(JSON.stringify({ keys: [...keys], unexpected }));

function take(epoch: number): void {
  try {
    const key = keyring.epochKey(epoch).toString("hex");
    if ((keys.get(epoch) ?? key) !== key) unexpected.push(`${epoch} changed its key`);
    keys.set(epoch, key);
  } catch (error) {
    open.delete(epoch);
    if (!(error instanceof BotenstoffError && error.code === "EPOCH_KEY_DESTROYED")) unexpected.push(String(error));
  }
}
