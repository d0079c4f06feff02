import { at, type Answer } from "../api.ts";
import { useAsk } from "../ask.ts";
import { change, hrefOf, place } from "../router.ts";
import { may } from "../session.ts";
import { words } from "../words/index.ts";
import { Filters } from "../parts/filters.tsx";
import { Empty, Id, Loading, Problem, Time, Title } from "../parts/small.tsx";

type Line = Answer<"readJournal">["items"][number];

const NAMES = ["action", "actor", "subject", "from", "until"] as const;
const MESSAGE = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;
/** Of what was done to whole conversations and the engine, rather than to one message. */
const TO_MESSAGES = /^(message|content)\./;

/** The journal, with the names in it; asked only when somebody asks, for each reading is a line of its own. */
export function JournalPage() {
  const { query } = place.value;
  const filter = Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? undefined]));
  const asked = at("readJournal", "/journal", { ...filter, after: query.get("after") ?? undefined, limit: 100 });
  const { data, refusal, again } = useAsk(asked);
  const { journal, field, more } = words.value;
  const next = data?.next ?? undefined;
  return (
    <>
      <Title side={<p class="muted">{journal.about}</p>}>{journal.title}</Title>
      <Filters
        fields={[
          { name: "action", label: journal.what, options: Object.keys(journal.action), told: journal.action },
          { name: "subject", label: journal.whom },
          { name: "from", label: field.from, type: "datetime-local" },
          { name: "until", label: field.until, type: "datetime-local" },
        ]}
      />
      {refusal && <Problem of={refusal} again={again} />}
      {!data && !refusal && <Loading />}
      {data?.items.length === 0 && <Empty>{journal.empty}</Empty>}
      {data && data.items.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={journal.title}>
          <table>
            <thead>
              <tr>
                <th>{field.time}</th>
                <th>{journal.who}</th>
                <th>{journal.what}</th>
                <th>{journal.whom}</th>
                <th>{journal.detail}</th>
              </tr>
            </thead>
            <tbody>
              {data.items.map((line) => (
                <Row key={line.seq} line={line} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {next !== undefined && (
        <p class="tools">
          <button onClick={() => change({ after: next })}>{more}</button>
        </p>
      )}
    </>
  );
}

function Row({ line }: { readonly line: Line }) {
  const { journal } = words.value;
  const linked = MESSAGE.test(line.subject) && TO_MESSAGES.test(line.action) && may("messages.read");
  return (
    <tr data-row tabIndex={-1}>
      <td>
        <Time at={line.at} />
      </td>
      <th scope="row">
        {line.who?.name ?? <Nameless actor={line.actor} />}
        {line.who && <span class="muted"> {line.who.roles.join(", ")}</span>}
      </th>
      <td>{journal.action[line.action] ?? line.action}</td>
      <td>
        {linked ? (
          <a href={hrefOf(`/console/messages/${line.subject}`)}>
            <Id of={line.subject} />
          </a>
        ) : (
          <Id of={line.subject} />
        )}
      </td>
      <td class="wrap muted">
        {Object.entries(line.detail)
          .filter(([, value]) => value !== null && value !== "")
          .map(([name, value]) => `${name}: ${String(value)}`)
          .join(" · ")}
      </td>
    </tr>
  );
}

/** The engine, a machine, or a person whose name is no longer kept. */
function Nameless({ actor }: { readonly actor: string }) {
  const { journal } = words.value;
  if (actor === "engine") return <>{journal.engine}</>;
  if (actor.startsWith("token:")) {
    return (
      <>
        {journal.token} <span class="id">{actor.slice("token:".length)}</span>
      </>
    );
  }
  return <span class="muted">{journal.nameless}</span>;
}
