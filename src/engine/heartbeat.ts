import { statfs } from "node:fs/promises";
import { kindOfError } from "#src/message/error-code.ts";
import type { Log } from "#src/telemetry/log.ts";
import type { Queryable } from "#src/store/queryable.ts";
import { forgetEngine, reportEngine, type BreakerReport, type CertificateReport } from "#src/store/sql/engines.ts";
import packageJson from "../../package.json" with { type: "json" };

/** As old as what another engine's console shows of this one may be. */
const EVERY_MS = 2_000;

interface HeartbeatDeps {
  readonly store: Queryable;
  readonly owner: string;
  readonly clock: () => number;
  readonly dataDir: string;
  readonly minFreeBytes: number;
  readonly log: Log;
  channels(): number;
  breakers(): readonly BreakerReport[];
  certificates(): readonly CertificateReport[];
  mayStore(): Promise<boolean>;
}

/** Tells the other engines on this database, and whoever looks at any of them, that this one lives and how it is. */
export function startHeartbeat(deps: HeartbeatDeps): { stop(): Promise<void> } {
  const { store, owner, log } = deps;
  const startedAt = new Date(deps.clock());
  let quiet = false;
  async function beat(): Promise<void> {
    try {
      await reportEngine(store, { owner, startedAt, now: new Date(deps.clock()), report: await reportOf(deps) });
      quiet = false;
    } catch (error) {
      // Once, not every two seconds: PostgreSQL is away, and others say so.
      if (!quiet) log("warn", "engine.not_reported", { error: kindOfError(error) });
      quiet = true;
    }
  }
  let beating: Promise<void> | undefined;
  const tick = () => {
    beating ??= beat().finally(() => (beating = undefined));
  };
  tick();
  const timer = setInterval(tick, EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await beating;
      await forgetEngine(store, owner).catch(() => undefined);
    },
  };
}

async function reportOf(deps: HeartbeatDeps) {
  const free = await statfs(deps.dataDir).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => null,
  );
  return {
    version: packageJson.version,
    node: process.version,
    channels: deps.channels(),
    disk_free: free,
    disk_reserve: deps.minFreeBytes,
    accepts: await deps.mayStore(),
    breakers: deps.breakers(),
    certificates: deps.certificates(),
  };
}
