import { at, type Answer } from "../api.ts";
import { may } from "../session.ts";
import { words } from "../words/index.ts";
import { Decision } from "./decisions.tsx";

/** Lets a quarantined message go on as it is, from the message's page and from the clearing desk. */
export function Release({ id, done }: { readonly id: string; readonly done: () => void }) {
  const { message } = words.value;
  return (
    <Decision
      to={at("releaseMessage", `/messages/${id}/release`)}
      word={message.release}
      letter="l"
      title={message.releaseTitle}
      by="released_by"
      done={done}
    />
  );
}

/** Lets it go on without what it waits for, or what was refused: the chart shows a line in its place. */
export function Placeholder({ id, done }: { readonly id: string; readonly done: () => void }) {
  const { message } = words.value;
  return (
    <Decision
      to={at("fileWithPlaceholders", `/messages/${id}/placeholder`)}
      word={message.placeholder}
      letter="p"
      title={message.placeholderTitle}
      by="decided_by"
      done={done}
    />
  );
}

/** Verdicts in whose place the chart may show a line, by what has become of the message. */
const AWAITED: Readonly<Record<string, readonly string[]>> = {
  received: ["pending"],
  held: ["quarantined", "gone"],
  routed: ["late", "quarantined"],
  filed: ["late", "quarantined"],
  failed: ["late", "quarantined"],
};

/** Whether somebody may say that the message goes on without an attachment. */
export function mayGoWithout({
  state,
  reason,
  attachments,
}: Pick<Answer<"showMessage">, "state" | "reason" | "attachments">): boolean {
  if (!may("messages.release") || (state === "held" && reason !== "quarantine")) return false;
  return attachments.some(({ verdict }) => AWAITED[state]?.includes(verdict) === true);
}
