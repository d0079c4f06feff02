import { useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { at, type Address, type Operation } from "../api.ts";
import { send } from "../ask.ts";
import { words } from "../words/index.ts";
import { useAct } from "./act.tsx";
import { Dialog } from "./dialog.tsx";

/** A decision with a reason: asked for in a dialog, written to the journal. */
function Decision<Id extends Operation>({
  to,
  word,
  letter,
  title,
  read,
  done,
  children,
}: {
  readonly to: Address<Id>;
  readonly word: string;
  readonly letter: string;
  readonly title: string;
  readonly read: (form: FormData) => object;
  readonly done: () => void;
  readonly children: ComponentChildren;
}) {
  const [open, setOpen] = useState(false);
  const { act, busy, shown } = useAct();
  return (
    <span>
      <button data-key={letter} onClick={() => setOpen(true)}>
        {word} <kbd>{letter}</kbd>
      </button>
      {open && (
        <Dialog title={title} close={() => setOpen(false)}>
          <form
            class="form"
            onSubmit={(event) => {
              event.preventDefault();
              const body = read(new FormData(event.currentTarget));
              void act(() => send("POST", to, body)).then((ok) => {
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

interface Props {
  readonly id: string;
  readonly done: () => void;
}

export function Withdraw({ id, done }: Props) {
  const { message } = words.value;
  return (
    <Decision
      to={at("withdrawMessage", `/messages/${id}/withdraw`)}
      word={message.withdraw}
      letter="w"
      title={message.withdrawTitle}
      read={(form) => ({ withdrawn_by: form.get("who"), reason: form.get("why") })}
      done={done}
    >
      <label>
        {message.withdrawWho}
        <input name="who" required maxLength={100} autocomplete="off" />
      </label>
      <label>
        {message.withdrawWhy}
        <select name="why">
          {Object.entries(message.withdrawReasons).map(([reason, told]) => (
            <option key={reason} value={reason}>
              {told}
            </option>
          ))}
        </select>
      </label>
    </Decision>
  );
}

export function Release({ id, done }: Props) {
  const { message } = words.value;
  return (
    <Decision
      to={at("releaseMessage", `/messages/${id}/release`)}
      word={message.release}
      letter="l"
      title={message.releaseTitle}
      read={(form) => ({ released_by: form.get("who"), reason: form.get("why") })}
      done={done}
    >
      <label>
        {message.withdrawWho}
        <input name="who" required maxLength={100} autocomplete="off" />
      </label>
      <label>
        {message.releaseWhy}
        <input name="why" required maxLength={500} autocomplete="off" />
      </label>
    </Decision>
  );
}
