import { useEffect, useState } from "preact/hooks";
import { at, type Answer } from "../api.ts";
import { send } from "../ask.ts";
import { lastChange } from "../live.ts";
import { Refusal } from "../problem.ts";
import { change, hrefOf, place } from "../router.ts";
import { may, session } from "../session.ts";
import { shortTime } from "../time.ts";
import { words } from "../words/index.ts";
import { Bulk } from "../parts/bulk.tsx";
import { Filters } from "../parts/filters.tsx";
import { Empty, Id, Loading, Problem, Time, Title } from "../parts/small.tsx";
import { State } from "../parts/state.tsx";

type Message = Answer<"listMessages">["items"][number];

const PAGE = 200;
const NAMES = ["state", "channel", "reason", "kind", "destination", "code", "from", "until", "external_id"] as const;
const STATES = ["received", "held", "filtered", "routed", "filed", "withdrawn", "failed", "purged"];
/** So much of an id names a row in the address. */
const SHORT = 8;

export function MessagesPage() {
  const { query } = place.value;
  const filter = Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? undefined]));
  const after = query.get("after") ?? undefined;
  const list = useList(filter, after);
  const { messages, field, more, newer, searching, stop, goOn, selected, reason } = words.value;
  const chosen = new Set((query.get("sel") ?? "").split(".").filter((one) => one !== ""));
  const rows = list.rows;
  const ids = rows.filter(({ id }) => chosen.has(id.slice(0, SHORT))).map(({ id }) => id);
  const [bulk, setBulk] = useState(false);
  const filtered = NAMES.some((name) => query.has(name));
  const choose = (next: Iterable<string>) => change({ sel: [...next].join(".") }, { replace: true });
  return (
    <>
      <Title side={<Newer after={after} since={list.at} show={list.again} word={newer} filter={filter} />}>
        {messages.title}
      </Title>
      <Filters
        fields={[
          { name: "state", label: field.state, options: STATES },
          { name: "reason", label: field.reason, options: Object.keys(reason).filter((one) => one !== "person") },
          { name: "channel", label: field.channel },
          { name: "kind", label: field.kind },
          { name: "destination", label: field.destination },
          { name: "code", label: field.code },
          { name: "from", label: field.from, type: "datetime-local" },
          { name: "until", label: field.until, type: "datetime-local" },
          ...(may("identifiers.read") ? [{ name: "external_id", label: field.externalId }] : []),
        ]}
      />
      {may("messages.reprocess") && (ids.length > 0 || (filtered && rows.length > 0 && !query.has("external_id"))) && (
        <div class="actions" data-actions>
          <button onClick={() => setBulk(true)}>
            {ids.length > 0 ? messages.bulkSelected(ids.length) : messages.bulk}
          </button>
          {ids.length > 0 && (
            <button class="link" onClick={() => choose([])}>
              {words.value.cancel} ({selected(ids.length)})
            </button>
          )}
        </div>
      )}
      {bulk && (
        <Bulk
          wanted={ids.length > 0 ? { messages: ids } : { filter: withoutEmpty(filter) }}
          close={() => {
            setBulk(false);
            list.again();
          }}
        />
      )}
      {list.refusal && <Problem of={list.refusal} again={list.again} />}
      {list.busy && rows.length === 0 && <Loading />}
      {!list.busy && !list.refusal && rows.length === 0 && list.next === undefined && (
        <Empty>{filtered ? messages.empty : messages.emptyAll}</Empty>
      )}
      {rows.length > 0 && <Rows rows={rows} chosen={chosen} choose={choose} />}
      <p class="tools" role="status">
        {list.searchedTo !== undefined && <span class="muted">{searching(list.searchedTo)}</span>}
        {list.searching && <button onClick={list.stop}>{stop}</button>}
        {!list.busy && list.next !== undefined && (
          <button onClick={() => (rows.length >= PAGE ? change({ after: list.next, sel: undefined }) : list.goOn())}>
            {rows.length >= PAGE ? more : goOn}
          </button>
        )}
      </p>
    </>
  );
}

function withoutEmpty(filter: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(filter).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function Rows({
  rows,
  chosen,
  choose,
}: {
  readonly rows: readonly Message[];
  readonly chosen: ReadonlySet<string>;
  readonly choose: (ids: Iterable<string>) => void;
}) {
  const { field, messages, select } = words.value;
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id.slice(0, SHORT))) next.add(id.slice(0, SHORT));
    choose(next);
  };
  const all = rows.every(({ id }) => chosen.has(id.slice(0, SHORT)));
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={messages.title}>
      <table>
        <thead>
          <tr>
            <th>
              <input
                type="checkbox"
                aria-label={select}
                checked={all}
                onChange={() => choose(all ? [] : rows.map(({ id }) => id.slice(0, SHORT)))}
              />
            </th>
            <th>{field.received}</th>
            <th>{field.id}</th>
            <th>{field.kind}</th>
            <th>{field.state}</th>
            <th>{field.filed}</th>
            <th>{field.channel}</th>
            {may("identifiers.read") && <th>{field.externalId}</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map((message) => (
            <tr key={message.id}>
              <td>
                <input
                  type="checkbox"
                  aria-label={`${select} ${message.id.slice(0, SHORT)}`}
                  checked={chosen.has(message.id.slice(0, SHORT))}
                  onChange={() => toggle(message.id)}
                />
              </td>
              <td>
                <Time at={message.received_at} />
              </td>
              <th scope="row">
                <a data-row href={hrefOf(`/console/messages/${message.id}`)}>
                  <Id of={message.id} />
                </a>
              </th>
              <td>{message.kind}</td>
              <td>
                <State is={message.state} reason={message.reason} />
              </td>
              <td>
                <Time at={message.filed_at} />
              </td>
              <td>{message.channel}</td>
              {may("identifiers.read") && (
                <td>{message.external_id === null ? words.value.never : <Id of={message.external_id} />}</td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What came since the list was asked: it never pushes a row that somebody reads. */
function Newer({
  after,
  since,
  show,
  word,
  filter,
}: {
  readonly after: string | undefined;
  readonly since: number;
  readonly show: () => void;
  readonly word: (count: number) => string;
  readonly filter: Readonly<Record<string, string | undefined>>;
}) {
  const [came, setCame] = useState(0);
  useEffect(() => setCame(0), [since]);
  const news = lastChange.value;
  useEffect(() => {
    const fitting = news?.arrived.filter(
      ({ channel }) => filter["channel"] === undefined || filter["channel"] === channel,
    );
    setCame((n) => n + (fitting?.length ?? 0));
  }, [news]);
  return (
    <span role="status">
      {after === undefined && came > 0 && (
        <button onClick={show} data-newer>
          {word(came)}
        </button>
      )}
    </span>
  );
}

/** A page of the list, searched on until it is full, somebody stops it, or there is no more. */
function useList(filter: Readonly<Record<string, string | undefined>>, after: string | undefined) {
  const [found, setFound] = useState<{ readonly key: string; readonly rows: readonly Message[] }>();
  const [next, setNext] = useState<string>();
  const [refusal, setRefusal] = useState<Refusal>();
  const [busy, setBusy] = useState(true);
  const [asked, setAsked] = useState(0);
  const [round, setRound] = useState(0);
  const [stopping, setStopping] = useState<AbortController>();
  const [searchedTo, setSearchedTo] = useState<string>();
  const key = JSON.stringify([filter, after]);
  // What another filter found is never shown under this one: a row that is about to go would take the focus with it.
  const rows = found?.key === key ? found.rows : [];

  async function search(from: string | undefined, before: readonly Message[], signal: AbortSignal): Promise<void> {
    let [cursor, all] = [from, before];
    setBusy(true);
    setRefusal(undefined);
    try {
      do {
        const query = { ...filter, after: cursor, limit: PAGE - all.length };
        const page = await send("GET", at("listMessages", "/messages", query), undefined, { signal });
        all = [...all, ...page.items];
        cursor = page.next ?? undefined;
        setFound({ key, rows: all });
        setNext(cursor);
        const last = all.at(-1);
        setSearchedTo(cursor !== undefined && all.length < PAGE && last ? shortTime(last.received_at) : undefined);
      } while (cursor !== undefined && all.length < PAGE);
      setAsked(Date.now());
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refusal) setRefusal(error);
    } finally {
      if (!signal.aborted) setBusy(false);
    }
  }

  function begin(from: string | undefined, before: readonly Message[]): AbortController {
    const ending = new AbortController();
    setStopping(ending);
    void search(from, before, ending.signal);
    return ending;
  }

  const who = session.value;
  useEffect(() => {
    if (!who) return;
    const ending = begin(after, []);
    return () => ending.abort();
  }, [key, round, who]);
  return {
    rows,
    next,
    refusal,
    busy: busy || (found?.key !== key && refusal === undefined),
    at: asked,
    searchedTo,
    searching: busy && searchedTo !== undefined,
    again: () => setRound((n) => n + 1),
    goOn: () => void begin(next, rows),
    stop: () => {
      stopping?.abort();
      setFound({ key, rows });
      setBusy(false);
    },
  };
}
