import { at } from "../api.ts";
import { useAsk } from "../ask.ts";
import { may } from "../session.ts";
import { localTime } from "../time.ts";
import { words } from "../words/index.ts";
import { ActButton } from "./act.tsx";
import { Asking } from "./decisions.tsx";
import { Problem, Time } from "./small.tsx";

const AN_HOUR_MS = 3_600_000;

/** The maintenance windows, and how to begin and end one. */
export function Silences() {
  const { data, refusal, again } = useAsk(at("listSilences", "/silences"));
  const { alerts, field } = words.value;
  const rules = data?.rules ?? [];
  return (
    <section class="card" aria-labelledby="silences">
      <h2 id="silences">{alerts.silences}</h2>
      <p class="muted">{alerts.silencesAbout}</p>
      {refusal && <Problem of={refusal} again={again} />}
      {data?.items.length === 0 && <p>{alerts.noSilence}</p>}
      <ul class="needs">
        {data?.items.map((one) => (
          <li key={one.id}>
            <strong>{one.rule ?? alerts.everyRule}</strong>
            <span>{one.reason}</span>
            <span class="muted">
              {field.until} <Time at={one.ends_at} />
            </span>
            {may("alerts.act") && (
              <ActButton to={at("endSilence", `/silences/${one.id}`)} method="DELETE" done={again}>
                {alerts.end}
              </ActButton>
            )}
          </li>
        ))}
      </ul>
      {may("alerts.act") && (
        <div class="actions" data-actions>
          <Asking
            to={at("addSilence", "/silences")}
            word={alerts.silence}
            letter="s"
            title={alerts.silenceTitle}
            read={(form) => ({
              ...(form.get("rule") !== "" && { rule: form.get("rule") }),
              reason: form.get("why"),
              until: new Date(form.get("until") as string).toISOString(),
            })}
            done={again}
          >
            <label>
              {field.code}
              <select name="rule">
                <option value="">{alerts.everyRule}</option>
                {rules.map((rule) => (
                  <option key={rule} value={rule}>
                    {rule}
                  </option>
                ))}
              </select>
            </label>
            <label>
              {alerts.reason}
              <input name="why" required maxLength={200} autocomplete="off" />
            </label>
            <label>
              {alerts.until}
              <input
                name="until"
                type="datetime-local"
                required
                defaultValue={localTime(new Date(Date.now() + AN_HOUR_MS))}
              />
            </label>
          </Asking>
        </div>
      )}
    </section>
  );
}
