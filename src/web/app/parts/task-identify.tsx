import { useEffect, useRef, useState } from "preact/hooks";
import { at, type Answer } from "../api.ts";
import { send } from "../ask.ts";
import { calendarDay } from "../time.ts";
import { words } from "../words/index.ts";
import { useAct } from "./act.tsx";

type Task = Answer<"showClearing">;
type Matched = Answer<"matchClearing">;

const KINDS = ["birth_date", "case_number", "insurance_number", "patient_number"] as const;

/** Who may have written, told so that nobody learns who it is. */
export function Candidates({ of }: { readonly of: NonNullable<Task["candidates"]> }) {
  const { clearing } = words.value;
  if (of.length === 0) return <p class="muted">{clearing.nobodyFits}</p>;
  return (
    <>
      <p class="muted">{clearing.candidates}</p>
      <ul class="needs">
        {of.map(({ id, masked, hints }) => (
          <li key={id}>
            <strong>{masked}</strong>
            <span class="muted">{hints.map((hint) => clearing.hints[hint]).join(", ")}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

interface Props {
  readonly task: Task;
  readonly marked: readonly string[];
  readonly again: () => void;
}

/** Two identifiers are typed; what matches is shown, and can be assigned. */
export function Identify({ task, marked, again }: Props) {
  const { clearing } = words.value;
  const [matched, setMatched] = useState<Matched>();
  const { act, busy, shown } = useAct();
  const compare = (form: FormData) =>
    act(async () => {
      const identifiers = [0, 1].map((n) => ({ kind: form.get(`kind${n}`), value: form.get(`value${n}`) }));
      setMatched(undefined);
      setMatched(await send("POST", at("matchClearing", `/clearing/${task.id}/match`), { identifiers }));
    });
  const left = matched?.misses_left ?? task.misses_left;
  return (
    <>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void compare(new FormData(event.currentTarget)).then(() => {
            if (left <= 1) again();
          });
        }}
      >
        <p>{clearing.type}</p>
        {[0, 1].map((n) => (
          <div key={n} class="pair">
            <label>
              {clearing.identifier(n + 1)}
              <select name={`kind${n}`}>
                {KINDS.map((kind, at_) => (
                  <option key={kind} value={kind} selected={at_ === n}>
                    {clearing.identifiers[kind]}
                  </option>
                ))}
              </select>
            </label>
            <label>
              {clearing.value(n + 1)}
              <input
                name={`value${n}`}
                required
                maxLength={64}
                autocomplete="off"
                spellcheck={false}
                {...(n === 0 && { "data-search": true })}
              />
            </label>
          </div>
        ))}
        <p class="muted">{clearing.dateHint}</p>
        <span class="actions">
          <button class={matched?.match === true ? undefined : "main"} disabled={busy}>
            {clearing.check}
          </button>
          <span class={left <= 2 ? "stop" : undefined}>{clearing.left(left)}</span>
        </span>
        {shown}
      </form>
      <div role="status">
        {matched?.match === false && (
          <p class="stop">
            <span aria-hidden="true">✕</span> {clearing.noMatch}
          </p>
        )}
      </div>
      {matched?.match === true && <Assign task={task} marked={marked} matched={matched} again={again} />}
    </>
  );
}

const ROLES = ["self", "guardian", "proxy"] as const;
const SCOPES = ["once", "always", "case"] as const;

function Assign({ task, marked, matched, again }: Props & { readonly matched: Matched }) {
  const { clearing } = words.value;
  const { act, busy, shown } = useAct();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [matched.proof]);
  const { patient, proof } = matched;
  const some = marked.filter((id) => task.held.some(({ message }) => message === id));
  const assign = (form: FormData) =>
    act(async () => {
      const scope = form.get("scope");
      await send("POST", at("assignClearing", `/clearing/${task.id}/assign`), {
        proof,
        role: form.get("role"),
        scope: scope === "some" ? "once" : scope,
        evidence: form.get("seen") === "on" ? "in_person" : "clerk",
        ...(scope === "some" && { messages: some }),
      });
    }).then((ok) => ok && again());
  if (!patient) return null;
  return (
    <form
      class="form matched"
      onSubmit={(event) => {
        event.preventDefault();
        void assign(new FormData(event.currentTarget));
      }}
    >
      <h3 class="good" ref={heading} tabIndex={-1}>
        <span aria-hidden="true">●</span> {clearing.match}: {patient.name}
        {patient.birth_date !== null && `, ${clearing.born(calendarDay(patient.birth_date))}`}
        {patient.patient_number !== null && `, ${patient.patient_number}`}
      </h3>
      <fieldset>
        <legend>{clearing.as}</legend>
        {ROLES.map((role) => (
          <Choice key={role} name="role" value={role} first={role === "self"} told={clearing.roles[role] ?? role} />
        ))}
      </fieldset>
      <fieldset>
        <legend>{clearing.scope}</legend>
        {some.length > 0 && <Choice name="scope" value="some" first told={clearing.someScope(some.length)} />}
        {SCOPES.map((scope) => (
          <Choice
            key={scope}
            name="scope"
            value={scope}
            first={scope === "once" && some.length === 0}
            told={clearing.scopes[scope] ?? scope}
          />
        ))}
      </fieldset>
      <label class="check">
        <input type="checkbox" name="seen" /> {clearing.seen}
      </label>
      <span class="actions">
        <button class="main" data-key="a" disabled={busy}>
          {task.four_eyes ? clearing.assignFourEyes : clearing.assign} <kbd>a</kbd>
        </button>
      </span>
      {shown}
    </form>
  );
}

function Choice({
  name,
  value,
  first,
  told,
}: {
  readonly name: string;
  readonly value: string;
  readonly first: boolean;
  readonly told: string;
}) {
  return (
    <label class="check">
      <input type="radio" name={name} value={value} defaultChecked={first} /> {told}
    </label>
  );
}
