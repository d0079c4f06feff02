import { at } from "../api.ts";
import { useAsk } from "../ask.ts";
import { bytes, now, span } from "../time.ts";
import { words } from "../words/index.ts";
import { Empty, Loading, Problem, Time, Title } from "../parts/small.tsx";
import { State } from "../parts/state.tsx";

const EVERY_MS = 3_000;

export function EnginesPage() {
  const { data, refusal, again } = useAsk(at("listEngines", "/engines"), Math.floor(now.value / EVERY_MS));
  const { engines, field } = words.value;
  return (
    <>
      <Title>{engines.title}</Title>
      {refusal && <Problem of={refusal} again={again} />}
      {!data && !refusal && <Loading />}
      {data?.items.length === 0 && <Empty>{engines.empty}</Empty>}
      {data && data.items.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={engines.title}>
          <table>
            <thead>
              <tr>
                <th>{field.engine}</th>
                <th>{field.state}</th>
                <th>{field.since}</th>
                <th class="number">{field.leases}</th>
                <th class="number">{field.clock}</th>
                <th>{field.disk}</th>
                <th>{engines.heldBack}</th>
                <th>{field.version}</th>
              </tr>
            </thead>
            <tbody>
              {data.items.map((engine) => (
                <tr key={engine.id}>
                  <th scope="row" class="id">
                    {engine.id}
                  </th>
                  <td>
                    <State is={engine.state} /> {engine.state === "silent" && span(engine.silent_s * 1_000)}
                  </td>
                  <td>
                    <Time at={engine.started_at} />
                  </td>
                  <td class="number">{engine.leases}</td>
                  <td class="number">{engines.ahead(engine.clock_ahead_ms)}</td>
                  <td>
                    {engine.disk_free === null ? words.value.never : bytes(engine.disk_free)},{" "}
                    <span class={engine.accepts ? "muted" : "stop"}>
                      {engine.accepts ? engines.accepts : engines.full}
                    </span>
                  </td>
                  <td>{engine.breakers.map(({ stage }) => stage).join(", ") || words.value.never}</td>
                  <td class="muted">
                    {engine.version}, Node {engine.node}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
