import { useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Address, Operation } from "../api.ts";
import { send } from "../ask.ts";
import { session } from "../session.ts";
import { words } from "../words/index.ts";
import { useAct } from "./act.tsx";
import { Dialog } from "./dialog.tsx";
import { cameBackTo } from "./prove.tsx";

interface FormProps<Id extends Operation> {
  readonly to: Address<Id>;
  readonly method?: "POST" | "DELETE";
  /** On the button; the dialog's own says the same without " …". */
  readonly word: string;
  readonly letter?: string;
  readonly title: string;
  readonly read: (form: FormData) => object;
  readonly done: () => void;
  readonly children: ComponentChildren;
}

/** A button that asks in a dialog before it does something; a refusal is told there. */
export function Asking<Id extends Operation>(props: FormProps<Id>) {
  const { to, method = "POST", word, letter, title, read, done, children } = props;
  const [open, setOpen] = useState(() => cameBackTo(to.href));
  const { act, busy, shown } = useAct();
  return (
    <span>
      <button data-key={letter} onClick={() => setOpen(true)}>
        {word} {letter !== undefined && <kbd>{letter}</kbd>}
      </button>
      {open && (
        <Dialog title={title} close={() => setOpen(false)}>
          <form
            class="form"
            onSubmit={(event) => {
              event.preventDefault();
              const body = read(new FormData(event.currentTarget));
              void act(() => send(method, to, body)).then((ok) => {
                if (!ok) return;
                setOpen(false);
                done();
              });
            }}
          >
            {children}
            {shown}
            <span class="actions">
              <button class="main" disabled={busy}>
                {word.replace(" …", "")}
              </button>
              <button type="button" onClick={() => setOpen(false)}>
                {words.value.cancel}
              </button>
            </span>
          </form>
        </Dialog>
      )}
    </span>
  );
}

interface DecisionProps<Id extends Operation> {
  readonly to: Address<Id>;
  readonly word: string;
  readonly letter?: string;
  readonly title: string;
  /** The member that names who decided: asked for only where nobody in person is signed in. */
  readonly by: string;
  /** A closed list of reasons; absent: free words. */
  readonly reasons?: Readonly<Record<string, string>>;
  readonly done: () => void;
}

/** A decision about a message: who and why, for the journal. */
export function Decision<Id extends Operation>({ by, reasons, ...asking }: DecisionProps<Id>) {
  const { decision } = words.value;
  const anonymous = session.value?.kind !== "person";
  return (
    <Asking {...asking} read={(form) => ({ ...(anonymous && { [by]: form.get("who") }), reason: form.get("why") })}>
      {anonymous && (
        <label>
          {decision.who}
          <input name="who" required maxLength={100} autocomplete="off" />
        </label>
      )}
      <label>
        {reasons ? decision.why : decision.freeWhy}
        {reasons ? (
          <select name="why">
            {Object.entries(reasons).map(([reason, told]) => (
              <option key={reason} value={reason}>
                {told}
              </option>
            ))}
          </select>
        ) : (
          <input name="why" required maxLength={500} autocomplete="off" />
        )}
      </label>
    </Asking>
  );
}
