import { at, type Answer } from "../api.ts";
import { send } from "../ask.ts";
import { may } from "../session.ts";
import { words } from "../words/index.ts";
import { useAct } from "./act.tsx";
import { Asking } from "./decisions.tsx";
import { Time } from "./small.tsx";

type Task = Answer<"showClearing">;

const KINDS = ["birth_date", "case_number", "insurance_number", "patient_number"] as const;

/** What one person said; another confirms it by typing an identifier, and is not told whom it is about. */
export function Proposal({
  task,
  proposal,
  again,
}: {
  readonly task: Task;
  readonly proposal: NonNullable<Task["proposal"]>;
  readonly again: () => void;
}) {
  const { clearing, decision } = words.value;
  const { act, busy, shown } = useAct();
  const path = `/clearing/${task.id}`;
  const approves = may("clearing.approve") && !task.mine && task.state !== "locked";
  const approve = (form: FormData) =>
    act(async () => {
      const identifier = { kind: form.get("kind"), value: form.get("value") };
      await send("POST", at("approveClearing", `${path}/approve`), { identifier });
    }).then(again);
  return (
    <>
      <dl>
        <dt>{clearing.proposal}</dt>
        <dd>
          {clearing.roles[proposal.role]}; {clearing.scopes[proposal.scope]}
        </dd>
        <dt>{clearing.proposedBy}</dt>
        <dd>
          {task.mine ? clearing.you : clearing.somebody}, <Time at={proposal.at} />
        </dd>
      </dl>
      {task.mine && <p class="wait">{clearing.mineWaits}</p>}
      {approves && (
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault();
            void approve(new FormData(event.currentTarget));
          }}
        >
          <p>{clearing.confirmText}</p>
          <div class="pair">
            <label>
              {clearing.identifier(1)}
              <select name="kind">
                {KINDS.map((kind) => (
                  <option key={kind} value={kind}>
                    {clearing.identifiers[kind]}
                  </option>
                ))}
              </select>
            </label>
            <label>
              {clearing.value(1)}
              <input name="value" required maxLength={64} autocomplete="off" spellcheck={false} data-search />
            </label>
          </div>
          <p class="muted">{clearing.dateHint}</p>
          <span class="actions">
            <button class="main" data-key="a" disabled={busy}>
              {clearing.approve} <kbd>a</kbd>
            </button>
            <span class={task.misses_left <= 2 ? "stop" : undefined}>{clearing.left(task.misses_left)}</span>
          </span>
          {shown}
        </form>
      )}
      {(task.mine || approves) && (
        <div class="actions" data-actions>
          <Asking
            to={at("declineClearing", `${path}/decline`)}
            word={task.mine ? clearing.takeBack : clearing.decline}
            letter="b"
            title={clearing.declineTitle}
            read={(form) => ({ reason: form.get("why") })}
            done={again}
          >
            <label>
              {decision.freeWhy}
              <input name="why" required maxLength={500} autocomplete="off" />
            </label>
          </Asking>
        </div>
      )}
    </>
  );
}
