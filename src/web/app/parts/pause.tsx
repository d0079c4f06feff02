import { at, type Answer } from "../api.ts";
import { may } from "../session.ts";
import { localTime, shortTime } from "../time.ts";
import { words } from "../words/index.ts";
import { ActButton } from "./act.tsx";
import { Asking } from "./decisions.tsx";

type Channel = Answer<"showOverview">["channels"][number];

const USUALLY_MS = 3_600_000;

/** Whether a channel is paused, until when and why; and how to pause it and let it go on. */
export function Pause({ channel, again }: { readonly channel: Channel; readonly again: () => void }) {
  const { channels: c } = words.value;
  const { id, paused, state } = channel;
  const decides = may("channels.decide") && state === "running";
  return (
    <>
      {paused && (
        <p class="wait">
          {c.pausedUntil(shortTime(paused.since), shortTime(paused.until))} {paused.reason}
        </p>
      )}
      {decides && (
        <div class="actions" data-actions>
          {paused ? (
            <ActButton to={at("resumeChannel", `/channels/${id}/resume`)} done={again}>
              {c.resume}
            </ActButton>
          ) : (
            <Asking
              to={at("pauseChannel", `/channels/${id}/pause`)}
              word={c.pause}
              title={c.pauseTitle(id)}
              read={(form) => ({
                reason: form.get("why"),
                until: new Date(form.get("until") as string).toISOString(),
              })}
              done={again}
            >
              <label>
                {c.pauseWhy}
                <input name="why" required maxLength={200} autocomplete="off" />
              </label>
              <label>
                {c.pauseUntil}
                <input
                  name="until"
                  type="datetime-local"
                  required
                  defaultValue={localTime(new Date(Date.now() + USUALLY_MS))}
                />
              </label>
            </Asking>
          )}
        </div>
      )}
    </>
  );
}
