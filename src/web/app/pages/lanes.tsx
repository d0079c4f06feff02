import { at } from "../api.ts";
import { useAsk } from "../ask.ts";
import { changed } from "../live.ts";
import { hrefOf, place } from "../router.ts";
import { span } from "../time.ts";
import { useThrottled } from "../throttle.ts";
import { words } from "../words/index.ts";
import { Filters } from "../parts/filters.tsx";
import { Age, Empty, Id, Loading, Problem, Title } from "../parts/small.tsx";
import { State } from "../parts/state.tsx";

const NAMES = ["state", "channel", "stage", "code"] as const;
const STATES = ["parked", "retrying", "working", "waiting"];

export function LanesPage() {
  const { query } = place.value;
  const filter = Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? undefined]));
  const version = useThrottled(changed.lanes.value);
  const { data, refusal, again } = useAsk(at("listLanes", "/lanes", filter), version);
  const { lanes, field, reason } = words.value;
  return (
    <>
      <Title side={data && <p class="muted">{lanes.counts(data.counts)}</p>}>{lanes.title}</Title>
      <Filters
        fields={[
          { name: "state", label: field.state, options: STATES },
          { name: "channel", label: field.channel },
          { name: "stage", label: field.stage },
          { name: "code", label: field.code },
        ]}
      />
      {refusal && <Problem of={refusal} again={again} />}
      {!data && !refusal && <Loading />}
      {data?.items.length === 0 && <Empty>{lanes.empty}</Empty>}
      {data && data.items.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={lanes.title}>
          <table>
            <thead>
              <tr>
                <th>{field.conversation}</th>
                <th>{field.stage}</th>
                <th>{field.state}</th>
                <th>{field.error}</th>
                <th>{field.since}</th>
                <th class="number">{field.open}</th>
                <th class="number">{field.tries}</th>
                <th>{field.next}</th>
                <th>{field.channel}</th>
              </tr>
            </thead>
            <tbody>
              {data.items.map((lane) => (
                <tr key={lane.id}>
                  <th scope="row">
                    <a data-row href={hrefOf(`/console/lanes/${lane.id}`)}>
                      <Id of={lane.conversation} />
                    </a>
                  </th>
                  <td>{lane.stage}</td>
                  <td>
                    <State is={lane.state} />
                  </td>
                  <td class="id">{lane.code ?? (lane.reason === null ? "" : (reason[lane.reason] ?? lane.reason))}</td>
                  <td>
                    <Age of={lane.parked_at ?? lane.opened_at} />
                  </td>
                  <td class="number">{lane.open}</td>
                  <td class="number">{lane.failures}</td>
                  <td>{lane.state === "retrying" ? span(lane.due_in_ms) : ""}</td>
                  <td>{lane.channel}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
