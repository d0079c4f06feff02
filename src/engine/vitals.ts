import { statfs } from "node:fs/promises";
import type { ChannelStatus } from "#src/deployment/deployment.ts";
import type { Metrics } from "#src/telemetry/metrics.ts";
import { engineVersion } from "./commands/version.ts";

const LOOK_EVERY_MS = 15_000;

interface VitalsDeps {
  readonly metrics: Pick<Metrics, "gauge">;
  readonly dataDir: string;
  readonly channels: () => readonly ChannelStatus[];
}

/** Offers what an alert asks of the engine itself: which it is, whether every channel runs, how much disk is left. */
export async function offerVitals({ metrics, dataDir, channels }: VitalsDeps): Promise<{ stop(): void }> {
  const version = await engineVersion();
  metrics.gauge("build_info", { version, node: process.versions.node }, () => 1);
  let free: number | undefined;
  metrics.gauge("disk_free_bytes", {}, () => free);
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
  };
  await look();
  const timer = setInterval(() => void look(), LOOK_EVERY_MS).unref();
  return { stop: () => clearInterval(timer) };
}
