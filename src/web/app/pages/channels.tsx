import { at, type Answer } from "../api.ts";
import { useAsk } from "../ask.ts";
import { changed } from "../live.ts";
import { hrefOf, place } from "../router.ts";
import { useThrottled } from "../throttle.ts";
import { words } from "../words/index.ts";
import { Age, Count, Empty, Loading, Problem, Title } from "../parts/small.tsx";
import { Pause } from "../parts/pause.tsx";
import { Flow } from "../parts/flow.tsx";
import { State } from "../parts/state.tsx";

type Channel = Answer<"showOverview">["channels"][number];

export function ChannelsPage() {
  const version = useThrottled(changed.messages.value + changed.lanes.value);
  const { data, refusal, again } = useAsk(at("showOverview", "/overview"), version);
  const { channels: c } = words.value;
  const only = place.value.query.get("channel");
  const shown = data?.channels.filter(({ id }) => only === null || id === only) ?? [];
  return (
    <>
      <Title
        side={
          only !== null && (
            <a data-back href={hrefOf("/console/channels")}>
              {words.value.clear}
            </a>
          )
        }
      >
        {c.title}
      </Title>
      {refusal && <Problem of={refusal} again={again} />}
      {!data && !refusal && <Loading />}
      {data && shown.length === 0 && <Empty>{c.empty}</Empty>}
      {shown.map((channel) => (
        <One key={channel.id} channel={channel} again={again} />
      ))}
    </>
  );
}

function One({ channel, again }: { readonly channel: Channel; readonly again: () => void }) {
  const { channels: c, field } = words.value;
  const parkedIn = (stage: Channel["stages"][number]) => stage.parked.reduce((sum, { lanes }) => sum + lanes, 0);
  return (
    <section class="card" aria-labelledby={`channel-${channel.id}`}>
      <h2 id={`channel-${channel.id}`}>
        {channel.id} <State is={channel.paused ? "paused" : channel.state} /> <span class="muted">{channel.title}</span>
      </h2>
      <Pause channel={channel} again={again} />
      {channel.problems.length > 0 && (
        <>
          <p class="stop">{c.problems}</p>
          <pre tabIndex={0} role="region" aria-label={c.problems}>
            {channel.problems.join("\n")}
          </pre>
        </>
      )}
      <Flow channel={channel} />
      <table>
        <thead>
          <tr>
            <th>{field.stage}</th>
            <th class="number">{field.open}</th>
            <th class="number">{field.tries}</th>
            <th class="number">{field.parked}</th>
            <th>{field.oldest}</th>
          </tr>
        </thead>
        <tbody>
          {channel.stages.map((stage) => (
            <tr key={stage.stage}>
              <th scope="row">
                <a data-row href={hrefOf("/console/lanes", { channel: channel.id, stage: stage.stage })}>
                  {stage.stage === "prepare" ? c.prepare : stage.stage}
                </a>{" "}
                <span class="muted">{stage.type ?? ""}</span>
              </th>
              <td class="number">{stage.open}</td>
              <td class="number">{stage.retrying}</td>
              <td class="number">
                <Count
                  of={parkedIn(stage)}
                  path="/console/lanes"
                  query={{ channel: channel.id, stage: stage.stage, state: "parked" }}
                />
              </td>
              <td>
                <Age of={stage.parked[0]?.since ?? null} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
