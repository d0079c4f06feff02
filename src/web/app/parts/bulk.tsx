import { useEffect, useState } from "preact/hooks";
import { at, type Answer } from "../api.ts";
import { send } from "../ask.ts";
import { words } from "../words/index.ts";
import { useAct } from "./act.tsx";
import { Dialog } from "./dialog.tsx";
import { State } from "./state.tsx";

type BulkView = Answer<"showBulk">;

/** Above so many the count is typed. */
const TYPED_ABOVE = 100;
const LOOK_MS = 500;

/** Many messages: frozen and counted first, then begun by a press of its own, with a progress that can be stopped. */
export function Bulk({ wanted, close }: { readonly wanted: object; readonly close: () => void }) {
  const { messages, stop, goOn, cancel, close: shut } = words.value;
  const [bulk, setBulk] = useState<BulkView>();
  const [typed, setTyped] = useState("");
  const { act, busy, shown } = useAct();
  useEffect(() => {
    void act(async () => setBulk(await send("POST", at("freezeBulk", "/bulk"), wanted)));
  }, []);
  const id = bulk?.id;
  const running = bulk?.state === "running";
  useEffect(() => {
    if (id === undefined || !running) return;
    const timer = setInterval(() => {
      void send("GET", at("showBulk", `/bulk/${id}`)).then(setBulk, () => undefined);
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [id, running]);
  const start = (given: BulkView) =>
    act(async () => setBulk(await send("POST", at("startBulk", `/bulk/${given.id}/start`), { count: given.total })));
  const halt = (given: BulkView) =>
    act(async () => setBulk(await send("POST", at("stopBulk", `/bulk/${given.id}/stop`))));
  const begun = bulk !== undefined && bulk.state !== "frozen";
  const confirmed = bulk !== undefined && (bulk.total <= TYPED_ABOVE || typed.trim() === String(bulk.total));
  return (
    <Dialog title={messages.bulk} close={close}>
      {shown}
      {!bulk && !shown && <p class="muted">{messages.bulkCounting}</p>}
      {bulk && !begun && (
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault();
            if (confirmed && bulk.total > 0) void start(bulk);
          }}
        >
          <p>{messages.bulkFrozen(bulk.total)}</p>
          {bulk.total > TYPED_ABOVE && (
            <label>
              {messages.bulkType(bulk.total)}
              <input inputMode="numeric" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
            </label>
          )}
          <span class="actions">
            <button class="main" disabled={!confirmed || busy || bulk.total === 0}>
              {messages.bulkStart(bulk.total)}
            </button>
            <button type="button" onClick={close}>
              {cancel}
            </button>
          </span>
        </form>
      )}
      {bulk && begun && (
        <div role="status">
          <p>
            <State is={bulk.state} /> {messages.bulkProgress(bulk.again, bulk.refused, bulk.total)}
          </p>
          <progress aria-label={messages.bulk} max={bulk.total} value={bulk.again + bulk.refused} />
          <p class="actions">
            {running && (
              <button onClick={() => void halt(bulk)} disabled={busy}>
                {stop}
              </button>
            )}
            {(bulk.state === "stopped" || bulk.state === "interrupted") && (
              <button onClick={() => void start(bulk)} disabled={busy}>
                {goOn}
              </button>
            )}
            <button onClick={close}>{shut}</button>
          </p>
        </div>
      )}
    </Dialog>
  );
}
