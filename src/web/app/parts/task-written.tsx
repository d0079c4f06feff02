import { useState } from "preact/hooks";
import { at, type Answer } from "../api.ts";
import { send } from "../ask.ts";
import { hrefOf } from "../router.ts";
import { may } from "../session.ts";
import { words } from "../words/index.ts";
import { useAct } from "./act.tsx";
import { Media } from "./media.tsx";
import { Placeholder, Release } from "./release.tsx";
import { Id, Time } from "./small.tsx";

type Held = Answer<"showClearing">["held"];
type Read = Answer<"showMessage">;

/** What is held, in order. What was written comes only when it is asked for: each reading is in the journal. */
export function Written({
  held,
  marked,
  mark,
  again,
}: {
  readonly held: Held;
  readonly marked: readonly string[];
  readonly mark: (messages: readonly string[]) => void;
  readonly again: () => void;
}) {
  const { clearing, reason: reasons } = words.value;
  const [contents, setContents] = useState<ReadonlyMap<string, Read>>();
  const { act, busy, shown } = useAct();
  const open = () =>
    act(async () => {
      const read = new Map<string, Read>();
      for (const { message } of held) {
        read.set(message, await send("GET", at("showMessage", `/messages/${message}`, { content: "true" })));
      }
      setContents(read);
    });
  const reads = may("content.read");
  const chooses = may("clearing.decide") && held.length > 1;
  return (
    <section class="card" aria-labelledby="written">
      <h2 id="written">{clearing.written}</h2>
      {!reads && <p class="muted">{clearing.mayNot}</p>}
      {reads && !contents && (
        <p>
          <button data-key="o" disabled={busy} onClick={() => void open()}>
            {clearing.open} <kbd>o</kbd>
          </button>
        </p>
      )}
      {shown}
      <ol class="written">
        {held.map(({ message, kind, reason, received_at: receivedAt }) => (
          <li key={message} data-row data-scope tabIndex={-1}>
            <p class="muted">
              <Time at={receivedAt} /> {clearing.kinds[kind] ?? kind} · {reasons[reason] ?? reason}
              {may("messages.read") && (
                <>
                  {" · "}
                  <a href={hrefOf(`/console/messages/${message}`)}>
                    <Id of={message} />
                  </a>
                </>
              )}
            </p>
            <Text of={contents?.get(message)} />
            <Media message={message} of={contents?.get(message)?.attachments ?? []} />
            <div class="tools">
              {chooses && (
                <label class="check">
                  <input
                    type="checkbox"
                    checked={marked.includes(message)}
                    onChange={(event) =>
                      mark(event.currentTarget.checked ? [...marked, message] : marked.filter((one) => one !== message))
                    }
                  />
                  {clearing.only}
                </label>
              )}
              {reason === "quarantine" && may("messages.release") && (
                <>
                  <Release id={message} done={again} />
                  <Placeholder id={message} done={again} />
                </>
              )}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** What a person wrote, whatever the kind: its text or caption, else the kind; and how he calls himself. */
function Text({ of }: { readonly of: Read | undefined }) {
  const { clearing } = words.value;
  if (!of?.content) return null;
  const { content, sender } = of.content;
  const text = ["text", "caption", "title"].map((name) => content[name]).find((one) => typeof one === "string" && one);
  return (
    <>
      <p class="sentence">{typeof text === "string" ? text : (clearing.kinds[content.kind] ?? content.kind)}</p>
      {sender?.displayName !== undefined && (
        <p class="muted">
          {clearing.unnamed} „{sender.displayName}“
        </p>
      )}
    </>
  );
}
