import { stat, statfs } from "node:fs/promises";
import type { ChannelStatus } from "#src/deployment/deployment.ts";
import type { Metrics } from "#src/telemetry/metrics.ts";
import { engineVersion } from "./commands/version.ts";

const LOOK_EVERY_MS = 15_000;

interface VitalsDeps {
  readonly metrics: Pick<Metrics, "gauge">;
  readonly dataDir: string;
  readonly backupMarkerFile?: string | undefined;
  readonly channels: () => readonly ChannelStatus[];
}

/**
 * Offers what an alert asks of the engine itself: which it is, whether every channel runs, how much disk is left, how old the
 * backup is.
 */
export async function offerVitals(deps: VitalsDeps): Promise<{ stop(): void }> {
  const { metrics, dataDir, backupMarkerFile: marker, channels } = deps;
  const version = await engineVersion();
  metrics.gauge("build_info", { version, node: process.versions.node }, () => 1);
  let free: number | undefined;
  metrics.gauge("disk_free_bytes", {}, () => free);
  let backedUp: number | undefined;
  metrics.gauge("backup_age_seconds", {}, () => backedUp && Math.max(0, Date.now() - backedUp) / 1_000);
  const look = async () => {
    for (const { id } of channels()) {
      const read = () => {
        const status = channels().find((one) => one.id === id);
        return status && Number(status.problems.length > 0);
      };
      metrics.gauge("channel_refused", { channel: id }, read);
    }
    free = await statfs(dataDir).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => undefined,
    );
    // A marker that is not there yet is as old as can be: no backup was ever made.
    if (marker !== undefined) backedUp = Math.max(1, (await stat(marker).catch(() => undefined))?.mtimeMs ?? 1);
  };
  await look();
  const timer = setInterval(() => void look(), LOOK_EVERY_MS).unref();
  return { stop: () => clearInterval(timer) };
}
