import { at, type Answer } from "../api.ts";
import { useAsk } from "../ask.ts";
import { toldOf, useErrorTexts } from "../errors.ts";
import { changed } from "../live.ts";
import { hrefOf } from "../router.ts";
import { may } from "../session.ts";
import { now, shortTime, span } from "../time.ts";
import { useThrottled } from "../throttle.ts";
import { words } from "../words/index.ts";
import { ActButton } from "../parts/act.tsx";
import { Empty, Id, Loading, Problem, Time, Title } from "../parts/small.tsx";
import { State } from "../parts/state.tsx";

type Lane = Answer<"explainLane">;

const ASKED_AGAIN_MS = 2_000;

/** Why is it stuck? One sentence first, then who can help, then what a person can do. */
export function LanePage({ values }: { readonly values: Readonly<Record<string, string>> }) {
  const id = values["id"] ?? "";
  const version = useThrottled(changed.lanes.value + Math.floor(now.value / ASKED_AGAIN_MS));
  const { data, refusal, at: asked, again } = useAsk(at("explainLane", `/lanes/${id}`), version);
  const { lanes, nav, back } = words.value;
  useErrorTexts();
  const gone = refusal?.status === 404;
  return (
    <>
      <Title side={data && !gone && <State is={data.state} reason={data.state === "parked" ? data.reason : null} />}>
        {data ? (
          <>
            {data.stage} · <Id of={data.conversation} />
          </>
        ) : (
          lanes.why
        )}
      </Title>
      <p class="tools">
        <a data-back href={hrefOf("/console/lanes")}>
          {back}: {nav.lanes}
        </a>
      </p>
      {gone && <Empty>{lanes.gone}</Empty>}
      {refusal && !gone && <Problem of={refusal} again={again} />}
      {!data && !refusal && <Loading />}
      {data && !gone && <Explained lane={data} asked={asked} again={again} />}
    </>
  );
}

function Explained({
  lane,
  asked,
  again,
}: {
  readonly lane: Lane;
  readonly asked: number;
  readonly again: () => void;
}) {
  const { lanes, field, messages } = words.value;
  const dueIn = Math.max(0, lane.due_in_ms - (now.value - asked));
  return (
    <>
      <section class="card" aria-labelledby="why">
        <h2 id="why">{lanes.why}</h2>
        <p class="sentence">
          {sentence(lane, dueIn)} {lanes.behind(lane.behind.length)}
        </p>
        {lane.paused && (
          <p class="wait">{lanes.paused(lane.channel, shortTime(lane.paused.until), lane.paused.reason)}</p>
        )}
        {lane.head?.in_doubt === true && <p class="wait">{lanes.inDoubt}</p>}
        {lane.breakers.map(({ engine, probe_in_ms: probe }) => (
          <p key={engine} class="muted">
            {lanes.breaker(engine, span(Math.max(0, probe - (now.value - asked))))}
          </p>
        ))}
        {lane.error && <Why lane={lane} />}
      </section>
      {may("lanes.decide") && <Actions lane={lane} again={again} />}
      <div class="two">
        <section class="card" aria-labelledby="head">
          <h2 id="head">{lanes.head}</h2>
          {lane.head ? (
            <dl>
              <dt>{field.message}</dt>
              <dd>
                <a data-row href={hrefOf(`/console/messages/${lane.head.message}`)}>
                  <Id of={lane.head.message} />
                </a>{" "}
                {lane.head.kind}
              </dd>
              <dt>{field.received}</dt>
              <dd>
                <Time at={lane.head.received_at} />
              </dd>
              {lane.head.delivery !== null && (
                <>
                  <dt>{field.state}</dt>
                  <dd>
                    <State is={lane.head.delivery} />
                  </dd>
                </>
              )}
              <dt>{field.tries}</dt>
              <dd>{lane.head.attempts}</dd>
            </dl>
          ) : (
            <p class="muted">{messages.empty}</p>
          )}
        </section>
        <section class="card" aria-labelledby="behind">
          <h2 id="behind">{lanes.behindTitle}</h2>
          {lane.behind.length === 0 && <p class="muted">{lanes.behind(0)}</p>}
          <ul class="needs">
            {lane.behind.map((work) => (
              <li key={`${work.message} ${work.purpose ?? ""}`}>
                <a data-row href={hrefOf(`/console/messages/${work.message}`)}>
                  <Id of={work.message} />
                </a>
                <span>{work.kind}</span>
                <Time at={work.received_at} />
              </li>
            ))}
          </ul>
          {lane.elsewhere.length > 0 && (
            <>
              <h2>{lanes.elsewhere}</h2>
              <ul class="needs">
                {lane.elsewhere.map((other) => (
                  <li key={other.id}>
                    <a href={hrefOf(`/console/lanes/${other.id}`)}>{other.stage}</a>
                    <State is={other.state} />
                    <span class="muted">{other.open}</span>
                  </li>
                ))}
              </ul>
            </>
          )}
        </section>
      </div>
    </>
  );
}

function sentence(lane: Lane, dueIn: number): string {
  const { lanes } = words.value;
  const since = shortTime(lane.parked_at ?? lane.opened_at);
  const told = lane.error ? (toldOf(lane.error.code) ?? lane.error).meaning.replace(/\.$/, "") : "";
  switch (lane.state) {
    case "parked":
      return lane.reason === "person"
        ? lanes.personSentence(lane.stage, since)
        : lanes.parkedSentence(lane.stage, since, told);
    case "retrying":
      return lanes.retrySentence(lane.stage, since, told, lane.failures, span(dueIn));
    case "working":
      return lanes.workingSentence(lane.stage);
    case "waiting":
      return lanes.waitingSentence(lane.stage);
  }
}

function Why({ lane }: { readonly lane: Lane }) {
  const { problem, lanes, nav } = words.value;
  const { error } = lane;
  if (!error) return null;
  const { meaning, remedy } = toldOf(error.code) ?? error;
  return (
    <dl>
      <dt>{problem.code}</dt>
      <dd class="id">{error.code}</dd>
      <dt>{problem.meaning}</dt>
      <dd>{meaning}</dd>
      <dt>{problem.remedy}</dt>
      <dd>{remedy}</dd>
      {error.detail !== "" && (
        <>
          <dt>{words.value.field.error}</dt>
          <dd>{error.detail}</dd>
        </>
      )}
      {error.class !== null && (
        <>
          <dt>{lanes.who}</dt>
          <dd>{lanes.whoText[error.class]}</dd>
        </>
      )}
      <dt>{lanes.sameErrorTitle}</dt>
      <dd>
        {lanes.sameError(lane.same_error.lanes)}{" "}
        {lane.same_error.lanes > 0 && <a href={hrefOf("/console/lanes", { code: error.code })}>{nav.lanes}</a>}
      </dd>
    </dl>
  );
}

function Actions({ lane, again }: { readonly lane: Lane; readonly again: () => void }) {
  const { lanes } = words.value;
  const { id, state, head } = lane;
  const resend = head?.delivery === "failed" && may("messages.reprocess");
  return (
    <div class="actions" data-actions>
      {resend && (
        <ActButton
          main
          letter="r"
          to={at("reprocessMessage", `/messages/${head.message}/reprocess`)}
          hint={lanes.reprocessHint}
          done={again}
        >
          {lanes.reprocess}
        </ActButton>
      )}
      {(state === "retrying" || state === "waiting") && (
        <ActButton letter="t" to={at("tryLane", `/lanes/${id}/try`)} hint={lanes.tryNowHint} done={again}>
          {lanes.tryNow}
        </ActButton>
      )}
      {state === "parked" ? (
        <ActButton letter="u" to={at("unparkLane", `/lanes/${id}/unpark`)} hint={lanes.unparkHint} done={again}>
          {lanes.unpark}
        </ActButton>
      ) : (
        <ActButton letter="s" to={at("parkLane", `/lanes/${id}/park`)} hint={lanes.parkHint} done={again}>
          {lanes.park}
        </ActButton>
      )}
    </div>
  );
}
