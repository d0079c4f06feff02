import { at } from "../api.ts";
import { useAsk } from "../ask.ts";
import { changed } from "../live.ts";
import { hrefOf, place } from "../router.ts";
import { useThrottled } from "../throttle.ts";
import { words } from "../words/index.ts";
import { Filters } from "../parts/filters.tsx";
import { Age, Empty, Id, Loading, Problem, Title } from "../parts/small.tsx";
import { State } from "../parts/state.tsx";

const REASONS = ["unknown", "ambiguous", "unverified", "quarantine"];

/** What is held, the oldest first: whoever waits longest is helped first. */
export function ClearingPage() {
  const { query } = place.value;
  const filter = {
    state: "held" as const,
    reason: query.get("reason") ?? undefined,
    channel: query.get("channel") ?? undefined,
    limit: 500,
  };
  const version = useThrottled(changed.waits.value);
  const { data, refusal, again } = useAsk(at("listMessages", "/messages", filter), version);
  const { clearing, field } = words.value;
  const items = data?.items.toReversed();
  return (
    <>
      <Title side={items && items.length > 0 && <p class="muted">{clearing.conversations(items.length)}</p>}>
        {clearing.title}
      </Title>
      <Filters
        fields={[
          { name: "reason", label: field.reason, options: REASONS },
          { name: "channel", label: field.channel },
        ]}
      />
      {refusal && <Problem of={refusal} again={again} />}
      {!items && !refusal && <Loading />}
      {items?.length === 0 && <Empty>{clearing.empty}</Empty>}
      {items && items.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={clearing.title}>
          <table>
            <thead>
              <tr>
                <th>{field.message}</th>
                <th>{field.state}</th>
                <th>{field.since}</th>
                <th>{field.kind}</th>
                <th>{field.channel}</th>
              </tr>
            </thead>
            <tbody>
              {items.map((message) => (
                <tr key={message.id}>
                  <th scope="row">
                    <a data-row href={hrefOf(`/clearing/${message.id}`)}>
                      <Id of={message.id} />
                    </a>
                  </th>
                  <td>
                    <State is={message.state} reason={message.reason} />
                  </td>
                  <td>
                    <Age of={message.received_at} />
                  </td>
                  <td>{message.kind}</td>
                  <td>{message.channel}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
