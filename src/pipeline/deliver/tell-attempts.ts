import { Episodes } from "#src/telemetry/episodes.ts";
import type { Log } from "#src/telemetry/log.ts";
import type { ClaimedLane } from "#src/store/sql/lanes.ts";
import type { TakenDelivery } from "#src/store/sql/deliveries.ts";
import type { Attempt } from "./deliver.ts";

interface Labels {
  readonly channel: string;
  readonly destination: string;
}

/**
 * Tells of one destination's attempts, by ids and closed codes: once when those for a message begin to fail and once when
 * that is over, once when a lane is parked and once when it goes on. While the destination is down as a whole that is told
 * (`destination.down`), not every message that finds it so.
 */
export class AttemptTeller {
  readonly #log: Log;
  readonly #labels: Labels;
  readonly #isUp: () => boolean;
  readonly #failing = new Episodes();
  readonly #parked = new Episodes();

  constructor(log: Log, labels: Labels, isUp: () => boolean) {
    this.#log = log;
    this.#labels = labels;
    this.#isUp = isUp;
  }

  /** A lane's turn begins. */
  began({ key }: Pick<ClaimedLane, "key">): void {
    const parked = this.#parked.over(key.toString("hex"));
    if (parked) this.#log("info", "lane.unparked", { ...this.#labels, seconds: parked.seconds });
  }

  /** An attempt was made and booked. @param park why its lane is parked now */
  attempted(
    { key }: Pick<ClaimedLane, "key">,
    row: TakenDelivery,
    { outcome, error }: Attempt,
    park: string | null,
  ): void {
    const { messageId: message, attempts, purpose, filing } = row;
    const told = { ...this.#labels, message };
    const name = [message, purpose, filing].join("/");
    const code = error?.code ?? "unknown";
    if (outcome.state === "retrying") {
      if (this.#isUp() && this.#failing.happened(name)) this.#log("warn", "delivery.failing", { ...told, code });
      return;
    }
    const failing = this.#failing.over(name);
    if (park !== null) {
      this.#parked.happened(key.toString("hex"));
      this.#log("error", "lane.parked", { ...told, code: park });
    } else if (code === "STOPPED_TOO_LONG") this.#log("error", "delivery.stopped_too_long", told);
    else if (outcome.state === "failed") this.#log("error", "delivery.failed", { ...told, code });
    else if (failing) this.#log("info", "delivery.goes_on", { ...told, attempts, seconds: failing.seconds });
  }
}
