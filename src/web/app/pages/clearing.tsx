import { at, type Answer } from "../api.ts";
import { useAsk } from "../ask.ts";
import { changed } from "../live.ts";
import { change, hrefOf, place } from "../router.ts";
import { useThrottled } from "../throttle.ts";
import { words } from "../words/index.ts";
import { Due, Ends, TaskState } from "../parts/task-state.tsx";
import { Filters } from "../parts/filters.tsx";
import { Age, Empty, Id, Loading, Problem, Title } from "../parts/small.tsx";

type Task = Answer<"listClearing">["items"][number];

const STATES = ["open", "proposed", "locked", "overdue"];
const NAMES = ["state", "reason", "channel"] as const;
const PAGE = 200;

/** What is held, the longest waiting first: whoever waits longest is helped first. */
export function ClearingPage() {
  const { query } = place.value;
  const filter = Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? undefined]));
  const version = useThrottled(changed.waits.value);
  const asked = at("listClearing", "/clearing", { ...filter, after: query.get("after") ?? undefined, limit: PAGE });
  const { data, refusal, again } = useAsk(asked, version);
  const { clearing, field, reason, more } = words.value;
  const next = data?.next ?? undefined;
  return (
    <>
      <Title side={data && data.items.length > 0 && <p class="muted">{summary(data.items)}</p>}>{clearing.title}</Title>
      <Filters
        fields={[
          { name: "state", label: field.state, options: STATES, told: clearing.state },
          { name: "reason", label: field.reason, options: Object.keys(reason).filter((one) => one !== "person") },
          { name: "channel", label: field.channel },
        ]}
      />
      {refusal && <Problem of={refusal} again={again} />}
      {!data && !refusal && <Loading />}
      {data?.items.length === 0 && <Empty>{clearing.empty}</Empty>}
      {data && data.items.length > 0 && <Tasks tasks={data.items} />}
      {next !== undefined && (
        <p class="tools">
          <button onClick={() => change({ after: next })}>{more}</button>
        </p>
      )}
    </>
  );
}

function summary(tasks: readonly Task[]): string {
  const { clearing } = words.value;
  return [
    clearing.tasks(tasks.length),
    clearing.overdueCount(tasks.filter(({ overdue }) => overdue).length),
    clearing.proposedCount(tasks.filter(({ state }) => state === "proposed").length),
  ]
    .filter((part) => part !== "")
    .join(", ");
}

function Tasks({ tasks }: { readonly tasks: readonly Task[] }) {
  const { clearing, field, reason: reasons } = words.value;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={clearing.title}>
      <table>
        <thead>
          <tr>
            <th>{clearing.task}</th>
            <th>{field.state}</th>
            <th>{field.reason}</th>
            <th class="number">{clearing.held}</th>
            <th>{clearing.waits}</th>
            <th>{clearing.due}</th>
            <th>{clearing.ends}</th>
            <th>{field.channel}</th>
          </tr>
        </thead>
        <tbody>
          {tasks.map((task) => (
            <tr key={task.id}>
              <th scope="row">
                <a data-row href={hrefOf(`/clearing/${task.id}`)}>
                  <Id of={task.id} />
                </a>
              </th>
              <td>
                <TaskState is={task.state} />
              </td>
              <td>
                {Object.entries(task.reasons)
                  .map(([reason, count]) => (count === 1 ? "" : `${count} × `) + (reasons[reason] ?? reason))
                  .join(", ")}
              </td>
              <td class="number">{task.messages}</td>
              <td>
                <Age of={task.opened_at} />
              </td>
              <td>
                <Due at={task.due_at} />
              </td>
              <td>
                <Ends at={task.ends_at} />
              </td>
              <td>{task.channel}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
