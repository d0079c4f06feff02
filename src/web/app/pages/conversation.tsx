import { useState } from "preact/hooks";
import { at, type Answer } from "../api.ts";
import { send, useAsk } from "../ask.ts";
import { lastChange } from "../live.ts";
import { hrefOf } from "../router.ts";
import { may } from "../session.ts";
import { ageOf } from "../time.ts";
import { useVersionOf } from "../version.ts";
import { words } from "../words/index.ts";
import { ActButton, useAct } from "../parts/act.tsx";
import { Release } from "../parts/release.tsx";
import { Id, Loading, Problem, Time, Title } from "../parts/small.tsx";
import { State } from "../parts/state.tsx";

type Message = Answer<"showMessage">;
type Content = NonNullable<Message["content"]>;

/** One held message: what was written on the left, who it may be on the right. Content comes only when it is asked for. */
export function ConversationPage({ values }: { readonly values: Readonly<Record<string, string>> }) {
  const id = values["id"] ?? "";
  const version = useVersionOf(id, lastChange.value);
  const { data, refusal, again } = useAsk(at("showMessage", `/messages/${id}`), version);
  const { clearing, back, nav } = words.value;
  return (
    <>
      <Title
        side={
          data && (
            <>
              <State is={data.state} reason={data.reason} />
              <p class="muted">{clearing.ageLimit(ageOf(data.received_at))}</p>
            </>
          )
        }
      >
        {clearing.title} <Id of={id} />
      </Title>
      <p class="tools">
        <a data-back href={hrefOf("/clearing")}>
          {back}: {nav.clearing}
        </a>
        <a href={hrefOf(`/console/messages/${id}`)}>{words.value.message.timeline}</a>
      </p>
      {refusal && <Problem of={refusal} again={again} />}
      {!data && !refusal && <Loading />}
      {data && (
        <div class="two">
          <Written id={id} />
          <section class="card" aria-labelledby="who">
            <h2 id="who">{clearing.who}</h2>
            <p>{clearing.whoText}</p>
            <div class="actions" data-actions>
              {data.state === "held" && may("messages.reprocess") && (
                <ActButton main letter="r" to={at("reprocessMessage", `/messages/${id}/reprocess`)} done={again}>
                  {clearing.again}
                </ActButton>
              )}
              {data.state === "held" && data.reason === "quarantine" && may("messages.release") && (
                <Release id={id} done={again} />
              )}
            </div>
          </section>
        </div>
      )}
    </>
  );
}

function Written({ id }: { readonly id: string }) {
  const { clearing } = words.value;
  const [content, setContent] = useState<Content>();
  const { act, busy, shown } = useAct();
  const open = () =>
    act(async () => {
      const message = await send("GET", at("showMessage", `/messages/${id}`, { content: "true" }));
      setContent(message.content ?? undefined);
    });
  return (
    <section class="card" aria-labelledby="written">
      <h2 id="written">{clearing.written}</h2>
      {!may("content.read") && <p class="muted">{clearing.mayNot}</p>}
      {may("content.read") && !content && (
        <button data-key="o" disabled={busy} onClick={() => void open()}>
          {clearing.open} <kbd>o</kbd>
        </button>
      )}
      {shown}
      {content && (
        <article>
          <p class="muted">
            <Time at={content.sent_at} /> {content.sender?.displayName ?? clearing.hl7}
          </p>
          <p class="sentence">{textOf(content)}</p>
        </article>
      )}
    </section>
  );
}

/** What a person wrote, whatever the kind: its text or caption, else the kind. */
function textOf({ content }: Content): string {
  for (const name of ["text", "caption", "title"]) {
    const value = content[name];
    if (typeof value === "string" && value !== "") return value;
  }
  return content.kind;
}
