import { useState } from "preact/hooks";
import { at, type Answer } from "../api.ts";
import { send } from "../ask.ts";
import { may } from "../session.ts";
import { words } from "../words/index.ts";
import { useAct } from "./act.tsx";
import { Time } from "./small.tsx";

type Message = Answer<"showMessage">;

/**
 * What destinations said in their own words when they did not take the message. The words may name the patient, so they
 * come with the content, only when they are asked for: each reading is in the journal.
 */
export function OwnWords({ message: { id, deliveries } }: { readonly message: Message }) {
  const { message: m } = words.value;
  const [read, setRead] = useState<Message["deliveries"]>();
  const { act, busy, shown } = useAct();
  const refused = deliveries.some(({ attempts, last_error: error }) => attempts > 1 || error !== null);
  if (!refused || !may("content.read")) return null;
  const open = () =>
    act(async () => {
      const answer = await send("GET", at("showMessage", `/messages/${id}`, { content: "true" }));
      setRead(answer.deliveries);
    });
  const said = read?.flatMap(({ destination, purpose, filing, said: words_ }) =>
    words_ ? [{ key: `${destination} ${purpose} ${filing}`, destination, ...words_ }] : [],
  );
  return (
    <div data-own-words>
      {!said && (
        <p>
          <button disabled={busy} onClick={() => void open()}>
            {m.ownWords}
          </button>{" "}
          <span class="muted">{m.ownWordsJournaled}</span>
        </p>
      )}
      {shown}
      {said?.length === 0 && <p class="muted">{m.noOwnWords}</p>}
      {said?.map(({ key, destination, at: when, text }) => (
        <blockquote key={key}>
          <p class="muted">
            <strong>{destination}</strong> <Time at={when} />
          </p>
          <p>{text}</p>
        </blockquote>
      ))}
    </div>
  );
}
