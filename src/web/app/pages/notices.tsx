import { at } from "../api.ts";
import { useAsk } from "../ask.ts";
import { changed } from "../live.ts";
import { change, place } from "../router.ts";
import { useThrottled } from "../throttle.ts";
import { words } from "../words/index.ts";
import { Filters } from "../parts/filters.tsx";
import { Empty, Loading, Problem, Time, Title } from "../parts/small.tsx";

const SHAPES = { info: "○", warn: "▲", error: "✕" } as const;
const ROLES = { info: "muted", warn: "wait", error: "stop" } as const;

export function NoticesPage() {
  const { query } = place.value;
  const get = (name: string) => query.get(name) ?? undefined;
  const filter = { kind: "operator", level: get("level"), channel: get("channel"), after: get("after"), limit: 200 };
  const version = useThrottled(changed.messages.value);
  const { data, refusal, again } = useAsk(at("listNotices", "/notices", filter), version);
  const { notices, field, more } = words.value;
  const next = data?.next ?? undefined;
  return (
    <>
      <Title side={<p class="muted">{notices.about}</p>}>{notices.title}</Title>
      <Filters
        fields={[
          { name: "level", label: field.level, options: ["info", "warn", "error"] },
          { name: "channel", label: field.channel },
        ]}
      />
      {refusal && <Problem of={refusal} again={again} />}
      {!data && !refusal && <Loading />}
      {data?.items.length === 0 && <Empty>{notices.empty}</Empty>}
      {data && data.items.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={notices.title}>
          <table>
            <thead>
              <tr>
                <th>{field.time}</th>
                <th>{field.level}</th>
                <th>{field.event}</th>
                <th>{field.codes}</th>
                <th>{field.channel}</th>
              </tr>
            </thead>
            <tbody>
              {data.items.map((notice) => (
                <tr key={notice.id} data-row tabIndex={-1}>
                  <td>
                    <Time at={notice.happened_at} />
                  </td>
                  <td>
                    <span class={ROLES[notice.level]}>
                      <span aria-hidden="true">{SHAPES[notice.level]}</span> {notice.level}
                    </span>
                  </td>
                  <th scope="row">
                    {notice.field} <span class="muted">{notice.event}</span>
                  </th>
                  <td class="id">{notice.codes.join(", ")}</td>
                  <td>{notice.channel}</td>
                </tr>
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
