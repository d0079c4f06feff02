import { at, type Answer } from "../api.ts";
import { hrefOf } from "../router.ts";
import { may } from "../session.ts";
import { words } from "../words/index.ts";
import { Decision } from "./decisions.tsx";
import { ErrorText } from "./error-text.tsx";
import { OwnWords } from "./own-words.tsx";
import { State } from "./state.tsx";

type Message = Answer<"showMessage">;
type Delivery = Message["deliveries"][number];

/** States out of which a delivery can be given up, and in which one is no longer on its way. */
const SKIPPABLE = ["queued", "retrying", "accepted", "failed"];
const SETTLED = ["accepted", "confirmed", "failed", "skipped"];
/** States of a message in which a delivery can be sent again. */
const DELIVERED = ["routed", "failed", "filed"];

/** How far the message is at each destination, and what may be decided there. */
export function Deliveries({ message, again }: { readonly message: Message; readonly again: () => void }) {
  const { message: m, field } = words.value;
  const withdrawn = message.deliveries.some(({ purpose }) => purpose === "withdraw");
  return (
    <section class="card" aria-labelledby="deliveries">
      <h2 id="deliveries">{m.deliveries}</h2>
      {message.deliveries.length === 0 && <p class="muted">{m.noDeliveries}</p>}
      {message.deliveries.map((delivery) => (
        <div key={`${delivery.destination} ${delivery.purpose} ${delivery.filing}`} class="delivery">
          <p>
            <strong>{delivery.destination}</strong>{" "}
            {delivery.purpose !== "file" && <span>{m.purposes[delivery.purpose]} </span>}
            <State is={delivery.state} /> <span class="muted">{m.attempts(delivery.attempts)}</span>
          </p>
          <dl>
            {delivery.last_error !== null && (
              <>
                <dt>{field.error}</dt>
                <dd>
                  <ErrorText of={delivery.last_error} />
                </dd>
              </>
            )}
            <Answered label={m.receipt} of={delivery.receipt} />
            <Answered label={m.confirmation} of={delivery.confirmation} />
          </dl>
          <Actions message={message} delivery={delivery} withdrawn={withdrawn} done={again} />
          {delivery.state === "failed" && may("lanes.read") && (
            <p>
              <a
                class="drop"
                href={hrefOf("/console/lanes", {
                  state: "parked",
                  channel: message.channel,
                  stage: delivery.destination,
                })}
              >
                {m.lane}
              </a>
            </p>
          )}
        </div>
      ))}
      <OwnWords key={message.id} message={message} />
    </section>
  );
}

function Actions({
  message: { id, state },
  delivery: { destination, purpose, state: at_ },
  withdrawn,
  done,
}: {
  readonly message: Message;
  readonly delivery: Delivery;
  readonly withdrawn: boolean;
  readonly done: () => void;
}) {
  const { message: m } = words.value;
  const skip = may("messages.skip") && ["routed", "failed"].includes(state) && SKIPPABLE.includes(at_);
  const resend =
    may("messages.resend") && purpose === "file" && !withdrawn && DELIVERED.includes(state) && SETTLED.includes(at_);
  if (!skip && !resend) return null;
  const path = `/messages/${id}/deliveries/${destination}`;
  return (
    <div class="actions" data-actions>
      {resend && (
        <Decision
          to={at("resendDelivery", `${path}/resend`)}
          word={m.resend}
          title={m.resendTitle(destination)}
          by="resent_by"
          reasons={m.resendReasons}
          done={done}
        />
      )}
      {skip && (
        <Decision
          to={at("skipDelivery", `${path}/skip`)}
          word={m.skip}
          title={m.skipTitle(destination)}
          by="skipped_by"
          reasons={m.skipReasons}
          done={done}
        />
      )}
    </div>
  );
}

function Answered({ label, of }: { readonly label: string; readonly of: unknown }) {
  if (!may("identifiers.read")) {
    return (
      <>
        <dt>{label}</dt>
        <dd class="muted">{words.value.message.masked}</dd>
      </>
    );
  }
  if (of === null || of === undefined) return null;
  return (
    <>
      <dt>{label}</dt>
      <dd class="id">{JSON.stringify(of)}</dd>
    </>
  );
}
