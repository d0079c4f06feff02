import { at, type Answer } from "../api.ts";
import { useAsk } from "../ask.ts";
import { changed } from "../live.ts";
import { may } from "../session.ts";
import { count, dayOf, span } from "../time.ts";
import { useThrottled } from "../throttle.ts";
import { words } from "../words/index.ts";
import { CLASSES, Coverage } from "../parts/coverage.tsx";
import { PurgeList } from "../parts/purge-list.tsx";
import { Age, Loading, Problem, Title } from "../parts/small.tsx";

type View = Answer<"showCoverage">;

export function PrivacyPage() {
  const version = useThrottled(changed.messages.value + changed.purges.value);
  const { data, refusal, again } = useAsk(at("showCoverage", "/coverage"), version);
  const { privacy } = words.value;
  return (
    <>
      <Title side={data && <Sum of={data} />}>{privacy.title}</Title>
      {refusal && <Problem of={refusal} again={again} />}
      {!data && !refusal && <Loading />}
      {data && (
        <>
          <section class="card" aria-labelledby="coverage">
            <h2 id="coverage">{privacy.coverage}</h2>
            <Coverage of={data} />
            <p>{privacy.sentence(sentence(data))}</p>
          </section>
          <div class="two">
            <Table of={data} />
            <Periods of={data} />
          </div>
        </>
      )}
      {may("purges.read") && (
        <section aria-labelledby="purges">
          <h2 id="purges">{privacy.lastPurge}</h2>
          <PurgeList limit={5} />
        </section>
      )}
    </>
  );
}

function Sum({ of: { stored, classed } }: { readonly of: View }) {
  const { privacy } = words.value;
  return stored === classed ? (
    <p class="good">
      <span aria-hidden="true">●</span> {privacy.sum(stored)}
    </p>
  ) : (
    <p class="stop" role="alert">
      <span aria-hidden="true">✕</span> {privacy.sumBad(stored, classed)}
    </p>
  );
}

function sentence({ rows }: View): string {
  const { privacy } = words.value;
  return CLASSES.flatMap((one) => {
    const sum = rows.filter((row) => row.class === one).reduce((total, row) => total + row.count, 0);
    return sum === 0 ? [] : [`${count(sum)} ${privacy.class[one] ?? one}`];
  }).join(", ");
}

function Table({ of: { rows, at: counted } }: { readonly of: View }) {
  const { privacy, field } = words.value;
  const head = "epoch,channel,class,count,oldest";
  const lines = rows.map((row) =>
    [new Date(row.epoch * 1_000).toISOString(), row.channel, row.class, row.count, row.oldest].join(","),
  );
  return (
    <div>
      <h2>{privacy.byChannel}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label={privacy.byChannel}>
        <table>
          <thead>
            <tr>
              <th>{field.epoch}</th>
              <th>{field.channel}</th>
              <th>{field.class}</th>
              <th class="number">{field.count}</th>
              <th>{field.oldest}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.epoch} ${row.channel} ${row.class}`}>
                <td>{dayOf(new Date(row.epoch * 1_000).toISOString())}</td>
                <th scope="row">{row.channel}</th>
                <td>{privacy.class[row.class] ?? row.class}</td>
                <td class="number">{count(row.count)}</td>
                <td>
                  <Age of={row.oldest} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="tools">
        <button onClick={() => save(`coverage-${counted.slice(0, 10)}.csv`, [head, ...lines].join("\n") + "\n")}>
          {privacy.csv}
        </button>
      </p>
    </div>
  );
}

function Periods({ of: { channels } }: { readonly of: View }) {
  const { privacy, field } = words.value;
  return (
    <div>
      <h2>{privacy.periods}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label={privacy.periods}>
        <table>
          <thead>
            <tr>
              <th>{field.channel}</th>
              <th>{privacy.afterFiled}</th>
              <th>{privacy.unknown}</th>
              <th>{privacy.hardMax}</th>
            </tr>
          </thead>
          <tbody>
            {channels.map((channel) => (
              <tr key={channel.id}>
                <th scope="row">{channel.id}</th>
                <td>{span(channel.after_filed_ms)}</td>
                <td>{span(channel.unknown_sender_ms)}</td>
                <td>{span(channel.hard_max_age_ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function save(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
