import { useState } from "preact/hooks";
import { at, type Answer } from "../api.ts";
import { send } from "../ask.ts";
import { hrefOf } from "../router.ts";
import { may } from "../session.ts";
import { words } from "../words/index.ts";
import { useAct } from "./act.tsx";
import { Release } from "./release.tsx";
import { Id, Time } from "./small.tsx";

type Held = Answer<"showClearing">["held"];
type Content = NonNullable<Answer<"showMessage">["content"]>;

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
  const [contents, setContents] = useState<ReadonlyMap<string, Content | null>>();
  const { act, busy, shown } = useAct();
  const open = () =>
    act(async () => {
      const read = new Map<string, Content | null>();
      for (const { message } of held) {
        const { content } = await send("GET", at("showMessage", `/messages/${message}`, { content: "true" }));
        read.set(message, content ?? null);
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
          <li key={message}>
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
            {contents?.get(message) && <Text of={contents.get(message) ?? undefined} />}
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
              {reason === "quarantine" && may("messages.release") && <Release id={message} done={again} />}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** What a person wrote, whatever the kind: its text or caption, else the kind; and how he calls himself. */
function Text({ of }: { readonly of: Content | undefined }) {
  const { clearing } = words.value;
  if (!of) return null;
  const { content, sender } = of;
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
