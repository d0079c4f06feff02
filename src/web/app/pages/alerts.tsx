import { at, type Answer } from "../api.ts";
import { useAsk } from "../ask.ts";
import { may } from "../session.ts";
import { now } from "../time.ts";
import { language, words } from "../words/index.ts";
import { ActButton } from "../parts/act.tsx";
import { Severity } from "../parts/severity.tsx";
import { Silences } from "../parts/silences.tsx";
import { Age, Empty, Loading, Problem, Time, Title } from "../parts/small.tsx";

type Alert = Answer<"listAlerts">["items"][number];

const EVERY_MS = 5_000;

/** What is open with what to do about it, then who is not told meanwhile, then what is over. */
export function AlertsPage() {
  const asked = at("listAlerts", "/alerts", { limit: 200 });
  const { data, refusal, again } = useAsk(asked, Math.floor(now.value / EVERY_MS));
  const { alerts } = words.value;
  const open = data?.items.filter(({ closed_at: closed }) => closed === null) ?? [];
  const over = data?.items.filter(({ closed_at: closed }) => closed !== null) ?? [];
  return (
    <>
      <Title side={data && <p class="muted">{alerts.about(open.length)}</p>}>{alerts.title}</Title>
      {refusal && <Problem of={refusal} again={again} />}
      {!data && !refusal && <Loading />}
      {data && data.items.length === 0 && <Empty>{alerts.empty}</Empty>}
      {data && data.items.length > 0 && (
        <section class="card" aria-labelledby="open">
          <h2 id="open">{alerts.open}</h2>
          {open.length === 0 && <p class="muted">{alerts.nothingOpen}</p>}
          <ul class="needs">
            {open.map((one) => (
              <Open key={one.id} alert={one} again={again} />
            ))}
          </ul>
        </section>
      )}
      <Silences />
      {over.length > 0 && <Over alerts={over} />}
    </>
  );
}

function Open({ alert, again }: { readonly alert: Alert; readonly again: () => void }) {
  const { alerts, field } = words.value;
  return (
    <li>
      <Severity of={alert.severity} />
      <strong>{alert.title?.[language.value] ?? alert.rule}</strong>
      <span class="id">{alert.subject}</span>
      <span class="muted">
        {field.since} <Age of={alert.opened_at} />
      </span>
      {alert.escalated_at !== null && <span class="stop">{alerts.escalated}</span>}
      {alert.acknowledged_at !== null && (
        <span class="good">
          <span aria-hidden="true">●</span> {alerts.taken} <Time at={alert.acknowledged_at} />
        </span>
      )}
      <p class="whole">{alert.remedy?.[language.value]}</p>
      {alert.acknowledged_at === null && may("alerts.act") && (
        <div class="actions whole" data-actions>
          <ActButton to={at("acknowledgeAlert", `/alerts/${alert.id}/acknowledge`)} hint={alerts.takeHint} done={again}>
            {alerts.take}
          </ActButton>
        </div>
      )}
    </li>
  );
}

function Over({ alerts: over }: { readonly alerts: readonly Alert[] }) {
  const { alerts, field } = words.value;
  return (
    <section aria-labelledby="over">
      <h2 id="over">{alerts.closed}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="over">
        <table>
          <thead>
            <tr>
              <th>{field.time}</th>
              <th>{field.level}</th>
              <th>{alerts.title}</th>
              <th>{field.event}</th>
              <th>{alerts.closed}</th>
            </tr>
          </thead>
          <tbody>
            {over.map((one) => (
              <tr key={one.id} data-row tabIndex={-1}>
                <td>
                  <Time at={one.opened_at} />
                </td>
                <td>
                  <Severity of={one.severity} />
                </td>
                <th scope="row">{one.title?.[language.value] ?? one.rule}</th>
                <td class="id">{one.subject}</td>
                <td>
                  <Time at={one.closed_at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
