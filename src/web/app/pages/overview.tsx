import { at, type Answer } from "../api.ts";
import { useAsk } from "../ask.ts";
import { toldOf, useErrorTexts } from "../errors.ts";
import { changed } from "../live.ts";
import { hrefOf } from "../router.ts";
import { may } from "../session.ts";
import { useThrottled } from "../throttle.ts";
import { now } from "../time.ts";
import { language, words } from "../words/index.ts";
import { Age, Count, Empty, Loading, Problem, Time, Title } from "../parts/small.tsx";
import { Severity } from "../parts/severity.tsx";
import { Spark } from "../parts/spark.tsx";
import { State } from "../parts/state.tsx";

type Channel = Answer<"showOverview">["channels"][number];

const LAST_MINUTES = 5;
const ALERTS_MS = 10_000;

export function OverviewPage() {
  const version = useThrottled(changed.messages.value + changed.lanes.value + changed.waits.value);
  const { data, refusal, again } = useAsk(at("showOverview", "/overview"), version);
  const { overview } = words.value;
  const sum = (pick: (channel: Channel) => readonly number[]) =>
    data?.channels.reduce((total, channel) => total + pick(channel).reduce((a, b) => a + b, 0), 0) ?? 0;
  return (
    <>
      <Title
        side={
          data && (
            <p class="muted">
              {overview.sentence(
                sum((c) => c.received),
                sum((c) => c.filed),
              )}
            </p>
          )
        }
      >
        {overview.title}
      </Title>
      {refusal && <Problem of={refusal} again={again} />}
      {!data && !refusal && <Loading />}
      {data && <Needs channels={data.channels} />}
      {data?.channels.length === 0 && <Empty>{overview.empty}</Empty>}
      {data && data.channels.length > 0 && <Channels channels={data.channels} />}
    </>
  );
}

/** First what needs somebody, and why. */
function Needs({ channels }: { readonly channels: readonly Channel[] }) {
  const { needs, nav, reason: reasons } = words.value;
  useErrorTexts();
  const lines = channels.flatMap((channel) => [
    ...channel.stages.flatMap(({ stage, parked }) =>
      parked.map((one) => (
        <li key={`${channel.id} ${stage} ${one.reason}`}>
          <State is="parked" />
          <strong>{stage}</strong>
          <span>{needs.parked(one.lanes, one.open)}</span>
          <span>{reasons[one.reason] ?? toldOf(one.reason)?.meaning ?? one.reason}</span>
          <span class="muted">
            {words.value.field.since} <Time at={one.since} />
          </span>
          {may("lanes.read") && (
            <a href={hrefOf("/console/lanes", { state: "parked", channel: channel.id, stage })}>{nav.lanes}</a>
          )}
        </li>
      )),
    ),
    ...channel.held.map((one) => (
      <li key={`${channel.id} held ${one.reason}`}>
        <State is="held" reason={one.reason} />
        <strong>{channel.id}</strong>
        <span>{needs.held(one.count)}</span>
        <span class="muted">
          {words.value.field.oldest} <Age of={one.oldest} />
        </span>
        {may("clearing.read") ? (
          <a href={hrefOf("/clearing", { reason: one.reason })}>{nav.clearing}</a>
        ) : (
          <a href={hrefOf("/console/messages", { state: "held", reason: one.reason, channel: channel.id })}>
            {nav.messages}
          </a>
        )}
      </li>
    )),
    ...(channel.failed > 0
      ? [
          <li key={`${channel.id} failed`}>
            <State is="failed" />
            <strong>{channel.id}</strong>
            <span>{needs.failed(channel.failed)}</span>
            <a href={hrefOf("/console/messages", { state: "failed", channel: channel.id })}>{nav.messages}</a>
          </li>,
        ]
      : []),
    ...(channel.paused
      ? [
          <li key={`${channel.id} paused`}>
            <State is="paused" />
            <strong>{channel.id}</strong>
            <span>{channel.paused.reason}</span>
            <span class="muted">
              {words.value.field.until} <Time at={channel.paused.until} />
            </span>
            <a href={hrefOf("/console/channels", { channel: channel.id })}>{nav.channels}</a>
          </li>,
        ]
      : []),
    ...(channel.problems.length > 0
      ? [
          <li key={`${channel.id} refused`}>
            <State is="refused" />
            <strong>{channel.id}</strong>
            <span>{needs.refused}</span>
            <a href={hrefOf("/console/channels")}>{nav.channels}</a>
          </li>,
        ]
      : []),
  ]);
  return (
    <section class="card" aria-labelledby="needs">
      <h2 id="needs">{needs.title}</h2>
      {lines.length === 0 ? <p class="muted">{needs.nothing}</p> : <ul class="needs">{lines}</ul>}
      {may("alerts.read") && <OpenAlerts />}
    </section>
  );
}

/** Alerts nobody has taken yet. */
function OpenAlerts() {
  const { data } = useAsk(at("listAlerts", "/alerts", { limit: 50 }), Math.floor(now.value / ALERTS_MS));
  const { nav } = words.value;
  const open = data?.items.filter((one) => one.closed_at === null && one.acknowledged_at === null) ?? [];
  if (open.length === 0) return null;
  return (
    <ul class="needs">
      {open.map((one) => (
        <li key={one.id}>
          <Severity of={one.severity} />
          <strong>{one.title?.[language.value] ?? one.rule}</strong>
          <span class="id">{one.subject}</span>
          <span class="muted">
            {words.value.field.since} <Age of={one.opened_at} />
          </span>
          <a href={hrefOf("/console/alerts")}>{nav.alerts}</a>
        </li>
      ))}
    </ul>
  );
}

function Channels({ channels }: { readonly channels: readonly Channel[] }) {
  const { field, needs } = words.value;
  const perMinute = (counts: readonly number[]) =>
    Math.round((counts.slice(-LAST_MINUTES).reduce((a, b) => a + b, 0) / LAST_MINUTES) * 10) / 10;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={field.channel}>
      <table>
        <thead>
          <tr>
            <th>{field.channel}</th>
            <th>{field.state}</th>
            <th class="number">{field.inPerMinute}</th>
            <th class="number">{field.filedPerMinute}</th>
            <th>{field.lastHour}</th>
            <th>{field.oldest}</th>
            <th class="number">{field.waiting}</th>
            <th class="number">{field.parked}</th>
            <th class="number">{field.held}</th>
            <th class="number">{field.failed}</th>
            <th>{field.destinations}</th>
          </tr>
        </thead>
        <tbody>
          {channels.map((channel) => {
            const parked = channel.stages.flatMap((stage) => stage.parked).reduce((sum, { lanes }) => sum + lanes, 0);
            const held = channel.held.reduce((sum, { count }) => sum + count, 0);
            const here = { channel: channel.id };
            return (
              <tr key={channel.id}>
                <th scope="row">
                  <a data-row href={hrefOf("/console/channels", here)}>
                    {channel.id}
                  </a>
                </th>
                <td>
                  <State is={channel.paused ? "paused" : channel.state} />
                </td>
                <td class="number">{perMinute(channel.received)}</td>
                <td class="number">{perMinute(channel.filed)}</td>
                <td>
                  <Spark counts={channel.received} channel={channel.id} />
                </td>
                <td>
                  <Age of={channel.oldest} />
                </td>
                <td class="number">
                  <Count of={channel.waiting} path="/console/messages" query={{ ...here, state: "routed" }} />
                </td>
                <td class="number">
                  <Count of={parked} path="/console/lanes" query={{ ...here, state: "parked" }} />
                </td>
                <td class="number">
                  <Count of={held} path="/console/messages" query={{ ...here, state: "held" }} />
                </td>
                <td class="number">
                  <Count of={channel.failed} path="/console/messages" query={{ ...here, state: "failed" }} />
                </td>
                <td>
                  {channel.stages
                    .filter(({ stage }) => stage !== "prepare")
                    .map(({ stage, held_back: heldBack, parked }) => (
                      <span key={stage} class="destination" title={heldBack ? needs.heldBack(stage) : undefined}>
                        <span class={parked.length > 0 ? "stop" : heldBack ? "wait" : "good"} aria-hidden="true">
                          {parked.length > 0 ? "■ " : heldBack ? "◔ " : "● "}
                        </span>
                        {stage}{" "}
                      </span>
                    ))}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
