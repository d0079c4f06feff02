import { useState } from "preact/hooks";
import { at, type Answer } from "../api.ts";
import { useAsk } from "../ask.ts";
import { lastChange } from "../live.ts";
import { hrefOf } from "../router.ts";
import { may } from "../session.ts";
import { bytes } from "../time.ts";
import { words } from "../words/index.ts";
import { ActButton } from "../parts/act.tsx";
import { Decision } from "../parts/decisions.tsx";
import { Media } from "../parts/media.tsx";
import { mayGoWithout, Placeholder, Release } from "../parts/release.tsx";
import { Deliveries } from "../parts/deliveries.tsx";
import { ErrorText } from "../parts/error-text.tsx";
import { Id, Loading, Problem, Title } from "../parts/small.tsx";
import { State } from "../parts/state.tsx";
import { Timeline } from "../parts/timeline.tsx";
import { useVersionOf } from "../version.ts";

type Message = Answer<"showMessage">;

export function MessagePage({ values }: { readonly values: Readonly<Record<string, string>> }) {
  const id = values["id"] ?? "";
  const version = useVersionOf(id, lastChange.value);
  const { data, refusal, again } = useAsk(at("showMessage", `/messages/${id}`), version);
  const { message, nav, back } = words.value;
  return (
    <>
      <Title side={data && <State is={data.state} reason={data.reason} />}>
        {message.title} <Id of={id} />
      </Title>
      <p class="tools">
        <a data-back href={hrefOf("/console/messages")}>
          {back}: {nav.messages}
        </a>
        {data && (
          <span class="muted">
            {data.kind} · {data.channel} · <span class="id">{id}</span>
          </span>
        )}
      </p>
      {refusal && <Problem of={refusal} again={again} />}
      {!data && !refusal && <Loading />}
      {data && (
        <>
          <Actions message={data} again={again} />
          {data.last_error !== null && <Why error={data.last_error} />}
          <div class="two">
            <section class="card" aria-labelledby="timeline">
              <h2 id="timeline">{message.timeline}</h2>
              <Timeline history={data.history} />
            </section>
            <div>
              <Deliveries message={data} again={again} />
              <Attachments message={data} />
            </div>
          </div>
          <Json of={data} />
        </>
      )}
    </>
  );
}

function Actions({ message, again }: { readonly message: Message; readonly again: () => void }) {
  const { state, id, reason } = message;
  const words_ = words.value.message;
  const reprocess = may("messages.reprocess") && ["held", "filtered", "failed"].includes(state);
  const withdraw = may("messages.withdraw") && ["filed", "routed", "failed"].includes(state);
  const release = may("messages.release") && state === "held" && reason === "quarantine";
  const without = mayGoWithout(message);
  if (!reprocess && !withdraw && !release && !without) return null;
  return (
    <div class="actions" data-actions>
      {reprocess && (
        <ActButton main letter="r" to={at("reprocessMessage", `/messages/${id}/reprocess`)} done={again}>
          {words_.reprocess}
        </ActButton>
      )}
      {release && <Release id={id} done={again} />}
      {without && <Placeholder id={id} done={again} />}
      {withdraw && (
        <Decision
          to={at("withdrawMessage", `/messages/${id}/withdraw`)}
          word={words_.withdraw}
          letter="w"
          title={words_.withdrawTitle}
          by="withdrawn_by"
          reasons={words_.withdrawReasons}
          done={again}
        />
      )}
    </div>
  );
}

function Why({ error }: { readonly error: string }) {
  return (
    <section class="card" aria-labelledby="why">
      <h2 id="why">{words.value.message.error}</h2>
      <p>
        <ErrorText of={error} />
      </p>
    </section>
  );
}

function Attachments({ message }: { readonly message: Message }) {
  const { message: m, media } = words.value;
  const [shown, setShown] = useState(false);
  const reads = may("content.read") && message.attachments.some(({ type }) => type !== null);
  return (
    <section class="card" aria-labelledby="attachments">
      <h2 id="attachments">{m.attachments}</h2>
      {message.attachments.length === 0 && <p class="muted">{m.noAttachments}</p>}
      <ul class="needs">
        {message.attachments.map((one) => (
          <li key={one.id}>
            <State is={one.verdict} />
            <span>{one.type ?? ""}</span>
            <span class="muted">{one.bytes === null ? "" : bytes(one.bytes)}</span>
          </li>
        ))}
      </ul>
      {reads && !shown && (
        <button data-key="o" onClick={() => setShown(true)}>
          {media.show} <kbd>o</kbd>
        </button>
      )}
      {shown && <Media message={message.id} of={message.attachments} />}
    </section>
  );
}

function Json({ of }: { readonly of: unknown }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="card" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{words.value.message.json}</summary>
      {open && (
        <pre tabIndex={0} role="region" aria-label={words.value.message.json}>
          {JSON.stringify(of, null, 2)}
        </pre>
      )}
    </details>
  );
}
