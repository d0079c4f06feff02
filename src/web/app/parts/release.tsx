import { at } from "../api.ts";
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
