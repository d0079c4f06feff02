import { BotenstoffError } from "#src/message/error-code.ts";
import type { PipelineDeps } from "./deps.ts";

/** Tells that a message will not be taken up again at a stage, and why. */
export function setAside(
  { log, metrics }: Pick<PipelineDeps, "log" | "metrics">,
  message: string,
  { channel, stage }: { readonly channel: string; readonly stage: string },
): BotenstoffError {
  const doing = stage === "prepare" ? "preparing" : `delivering to ${stage}`;
  const error = new BotenstoffError("WORK_STOPS_ENGINE", `${doing}: the engine died of it twice`);
  metrics.count("messages_set_aside", { channel, stage });
  log("error", "message.set_aside", { message, channel, stage, code: error.code });
  return error;
}
