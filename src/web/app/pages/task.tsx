import { useState } from "preact/hooks";
import { at, type Answer } from "../api.ts";
import { send, useAsk } from "../ask.ts";
import { changed } from "../live.ts";
import { hrefOf } from "../router.ts";
import { may } from "../session.ts";
import { ageOf } from "../time.ts";
import { useThrottled } from "../throttle.ts";
import { words } from "../words/index.ts";
import { useAct } from "../parts/act.tsx";
import { Asking } from "../parts/decisions.tsx";
import { Due, Ends, TaskState } from "../parts/task-state.tsx";
import { Empty, Id, Loading, Problem, Title } from "../parts/small.tsx";
import { Candidates, Identify } from "../parts/task-identify.tsx";
import { Proposal } from "../parts/task-proposal.tsx";
import { Written } from "../parts/task-written.tsx";

type Task = Answer<"showClearing">;

/** One conversation that is held: what was written on the left, who it may be on the right. */
export function TaskPage({ values }: { readonly values: Readonly<Record<string, string>> }) {
  const id = values["id"] ?? "";
  const version = useThrottled(changed.waits.value);
  const { data, refusal, again } = useAsk(at("showClearing", `/clearing/${id}`), version);
  const [marked, setMarked] = useState<readonly string[]>([]);
  const { clearing, back, nav } = words.value;
  const settled = data?.held.length === 0 || refusal?.status === 404;
  return (
    <>
      <Title side={data && !settled && <Standing task={data} />}>
        {clearing.task} <Id of={id} />
      </Title>
      <p class="tools">
        <a class="drop" data-back href={hrefOf("/clearing")}>
          {back}: {nav.clearing}
        </a>
      </p>
      {refusal && refusal.status !== 404 && <Problem of={refusal} again={again} />}
      {!data && !refusal && <Loading />}
      {settled && <Empty>{clearing.settled}</Empty>}
      {data && !settled && (
        <div class="two">
          <Written held={data.held} marked={marked} mark={setMarked} again={again} />
          <div>
            <Who task={data} marked={marked} again={again} />
            <Others task={data} again={again} />
          </div>
        </div>
      )}
    </>
  );
}

function Standing({ task }: { readonly task: Task }) {
  const { clearing, reason: reasons } = words.value;
  return (
    <>
      <TaskState is={task.state} />
      <span>
        {Object.keys(task.reasons)
          .map((reason) => reasons[reason] ?? reason)
          .join(", ")}
      </span>
      <p class="muted">
        {clearing.waitsFor(ageOf(task.opened_at))} · {clearing.due} <Due at={task.due_at} /> · {clearing.ends}{" "}
        <Ends at={task.ends_at} />
        {task.escalated_at !== null && <> · {clearing.told}</>}
      </p>
    </>
  );
}

function Who({
  task,
  marked,
  again,
}: {
  readonly task: Task;
  readonly marked: readonly string[];
  readonly again: () => void;
}) {
  const { clearing } = words.value;
  const path = `/clearing/${task.id}`;
  return (
    <section class="card" aria-labelledby="who">
      <h2 id="who">{clearing.who}</h2>
      {task.shows !== null && <p>{clearing.shows[task.shows]}</p>}
      {task.candidates !== null && task.shows === "number" && <Candidates of={task.candidates} />}
      {task.wanted !== null && (
        <p class="muted">
          {clearing.wanted}: {clearing.wants[task.wanted]}
        </p>
      )}
      {task.state === "locked" && <p class="stop">{clearing.locked}</p>}
      {task.state === "locked" && may("clearing.unlock") && (
        <div class="actions" data-actions>
          <Asking
            to={at("unlockClearing", `${path}/unlock`)}
            word={clearing.unlock}
            letter="u"
            title={clearing.unlockTitle}
            read={(form) => ({ reason: form.get("why") })}
            done={again}
          >
            <Why />
          </Asking>
        </div>
      )}
      {task.proposal && <Proposal task={task} proposal={task.proposal} again={again} />}
      {task.state === "open" && may("clearing.decide") && <Identify task={task} marked={marked} again={again} />}
    </section>
  );
}

function Why() {
  return (
    <label>
      {words.value.decision.freeWhy}
      <input name="why" required maxLength={500} autocomplete="off" />
    </label>
  );
}

/** What else may become of it: not for this house, the sender is asked, the directory is asked anew. */
function Others({ task, again }: { readonly task: Task; readonly again: () => void }) {
  const { clearing, decision } = words.value;
  const { act, busy, shown } = useAct();
  const path = `/clearing/${task.id}`;
  const lookAgain = () =>
    act(async () => {
      for (const { message } of task.held) {
        await send("POST", at("reprocessMessage", `/messages/${message}/reprocess`));
      }
    }).then(again);
  if (!may("clearing.decide")) return null;
  return (
    <section class="card actions" data-actions>
      <Asking
        to={at("rejectClearing", `${path}/reject`)}
        word={clearing.reject}
        letter="d"
        title={clearing.rejectTitle}
        read={(form) => ({ reason: form.get("why"), answer: form.get("answer") === "on" })}
        done={again}
      >
        <label>
          {decision.why}
          <select name="why">
            {Object.entries(clearing.rejectReasons).map(([reason, told]) => (
              <option key={reason} value={reason}>
                {told}
              </option>
            ))}
          </select>
        </label>
        <label class="check">
          <input type="checkbox" name="answer" /> {clearing.answer}
        </label>
      </Asking>
      <Asking
        to={at("wantClearing", `${path}/want`)}
        word={clearing.want}
        letter="v"
        title={clearing.wantTitle}
        read={(form) => ({ wanted: form.get("wanted") })}
        done={again}
      >
        <label>
          {clearing.wanted}
          <select name="wanted">
            {["contact_card", "code"].map((wanted) => (
              <option key={wanted} value={wanted}>
                {clearing.wants[wanted]}
              </option>
            ))}
          </select>
        </label>
      </Asking>
      {may("messages.reprocess") && (
        <span>
          <button data-key="r" disabled={busy} onClick={() => void lookAgain()}>
            {clearing.again} <kbd>r</kbd>
          </button>
          {clearing.againHint}
          {shown}
        </span>
      )}
    </section>
  );
}
