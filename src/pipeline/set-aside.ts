import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";
import type { PipelineDeps } from "./deps.ts";

type Telling = Pick<PipelineDeps, "log" | "metrics">;

interface Where {
  readonly channel: string;
  readonly stage: string;
}

/** Tells that a message will not be taken up again at a stage: the engine died of it. */
export function setAside(deps: Telling, message: string, where: Where): BotenstoffError {
  return told(
    deps,
    message,
    where,
    new BotenstoffError("WORK_STOPS_ENGINE", `${doing(where)}: the engine died of it twice`),
  );
}

/** The same of one that fails each time for what is in it. Of an error that is not ours only the kind is kept. */
export function setAsideFailing(deps: Telling, message: string, where: Where, cause: unknown): BotenstoffError {
  const text = `${doing(where)}: it fails each time (${kindOfError(cause)})`;
  return told(deps, message, where, new BotenstoffError("WORK_FAILS_EACH_TIME", text, { cause }));
}

function told({ log, metrics }: Telling, message: string, { channel, stage }: Where, error: BotenstoffError) {
  metrics.count("messages_set_aside", { channel, stage });
  log("error", "message.set_aside", { message, channel, stage, code: error.code });
  return error;
}

function doing({ stage }: Where): string {
  return stage === "prepare" ? "preparing" : `delivering to ${stage}`;
}
