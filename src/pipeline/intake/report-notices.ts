import { outboundState } from "#src/message/outbound-status.ts";
import type { NoticeRow } from "#src/store/sql/notices.ts";
import type { PipelineDeps } from "../deps.ts";

/** Counts what is new and tells operators: names and codes only. Statuses are logged only where a person must act. */
export function reportNotices({ metrics, log }: PipelineDeps, fresh: readonly NoticeRow[]): void {
  for (const { id, channel, kind, field, event, level, codes } of fresh) {
    const words = JSON.parse(codes) as string[];
    if (kind === "status") {
      metrics.count("outbound_statuses", { channel, status: outboundState(event) ?? "other" });
      if (event === "failed") for (const code of words) metrics.count("outbound_failures", { channel, code });
    }
    if (kind === "operator" || level !== "info") {
      metrics.count("operator_events", { channel, field, level });
      log(level, "operator.event", { notice: id, channel, field, code: event, errors: words.join(" ") });
    }
  }
}
