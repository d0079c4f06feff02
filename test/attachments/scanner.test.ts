import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { EICAR, startClamd, type Clamd } from "#src/simulators/clamd.ts";
import { freePort } from "#src/demo/free-port.ts";
import type { BotenstoffError } from "#src/message/error-code.ts";
import { createScanner } from "#src/attachments/scanner.ts";
import { collect, pieces } from "./pictures.ts";

const never = new AbortController().signal;
const clean = randomBytes(300_000);
const infected = Buffer.concat([clean, Buffer.from(EICAR), clean]);

let clamd: Clamd;
const portOf = ({ url }: Clamd) => Number(new URL(url).port);

/** `silenceMs` matters only where clamd falls silent: a busy machine does so by itself. */
function verdict(
  bytes: Buffer,
  { port = portOf(clamd), size = 50_000, signal = never, silenceMs = 60_000 } = {},
): Promise<string> {
  const scanner = createScanner({ address: { host: "127.0.0.1", port }, silenceMs });
  return scanner.scan(pieces(bytes, size), signal).then(
    () => "clean",
    (error: unknown) => (error as BotenstoffError).code,
  );
}

describe("a scan by clamd", () => {
  beforeEach(async () => {
    clamd = await startClamd({ streamMaxLength: 1_000_000 });
  });
  afterEach(() => clamd.close());

  test("passes what is clean and finds EICAR, be it cut anywhere", async () => {
    expect(await verdict(clean)).toBe("clean");
    expect(await verdict(Buffer.alloc(0))).toBe("clean");
    expect(await verdict(infected)).toBe("MEDIA_INFECTED");
    expect(await verdict(Buffer.from(EICAR), { size: 3 })).toBe("MEDIA_INFECTED");
    expect(clamd.scanned).toEqual([clean.length, 0, infected.length, EICAR.length]);
  });

  test("names what was found, and nothing of the file", async () => {
    const scanner = createScanner({ address: { host: "127.0.0.1", port: portOf(clamd) } });
    await expect(scanner.scan(pieces(infected, 9_999), never)).rejects.toThrow("clamd found Win.Test.EICAR_HDB-1");
  });

  test.each([
    ["an error", "error"],
    ["an answer that is not quite OK", "garbage"],
    ["a hang-up although clamd is well", "hang-up"],
    ["silence although clamd is well", "stall"],
  ] as const)("%s counts as not clean", async (_, behaviour) => {
    clamd.behave([behaviour]);
    const silenceMs = behaviour === "stall" ? 300 : undefined;
    expect(await verdict(clean, { silenceMs })).toBe("MEDIA_NOT_SCANNED");
    expect(await verdict(clean)).toBe("clean");
  });

  test("what is beyond clamd's limit counts as not clean", async () => {
    expect(await verdict(randomBytes(1_000_001))).toBe("MEDIA_NOT_SCANNED");
    expect(await verdict(randomBytes(30_000_000), { size: 65_536 })).toBe("MEDIA_NOT_SCANNED");
  });

  test("nobody at the address is an outage, to be waited for", async () => {
    expect(await verdict(clean, { port: await freePort("127.0.0.1") })).toBe("SCANNER_UNAVAILABLE");
    const scanner = createScanner({ address: { path: "/nowhere/clamd.ctl" } });
    await expect(scanner.scan(pieces(clean, 999), never)).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
  });

  test("clamd that dies during a scan is an outage, not the file's fault", async () => {
    clamd.behave(["stall"]);
    const scan = verdict(clean);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await clamd.close();
    expect(await scan).toBe("SCANNER_UNAVAILABLE");
    clamd = await startClamd();
  });

  test("an aborted scan is no verdict", async () => {
    clamd.behave(["stall"]);
    expect(await verdict(clean, { signal: AbortSignal.timeout(50) })).toBe("SCANNER_UNAVAILABLE");
  });

  test("an error of the bytes' own source is passed on as it is", async () => {
    const scanner = createScanner({ address: { host: "127.0.0.1", port: portOf(clamd) } });
    async function* broken(): AsyncGenerator<Buffer> {
      yield clean;
      throw new RangeError("the disk");
    }
    await expect(scanner.scan(broken(), never)).rejects.toThrow("the disk");
  });

  test("goes over a UNIX socket as well", async () => {
    const directory = await mkdtemp(join(tmpdir(), "clamd-"));
    const path = join(directory, "clamd.ctl");
    const local = await startClamd({ path });
    const scanner = createScanner({ address: { path } });
    await expect(scanner.scan(pieces(clean, 9_999), never)).resolves.toBeUndefined();
    await expect(scanner.scan(pieces(infected, 9_999), never)).rejects.toMatchObject({ code: "MEDIA_INFECTED" });
    await local.close();
    await rm(directory, { recursive: true });
  });

  test("the simulator answers a PING", async () => {
    const socket = connect(portOf(clamd), "127.0.0.1");
    socket.write("zPING\0");
    expect((await collect(socket)).toString()).toBe("PONG\0");
  });
});
