import { goToOpen, helpOpen } from "../keys.ts";
import { go, hrefOf } from "../router.ts";
import { words, type Words } from "../words/index.ts";
import { Dialog } from "./dialog.tsx";

export function Help() {
  const { help, close } = words.value;
  if (!helpOpen.value) return null;
  const shut = () => (helpOpen.value = false);
  return (
    <Dialog title={help.title} close={shut}>
      <dl>
        {help.rows.map(([keys, does]) => (
          <>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{does}</dd>
          </>
        ))}
      </dl>
      <p>
        <button onClick={shut}>{close}</button>
      </p>
    </Dialog>
  );
}

const MESSAGE = /^[0-9a-f]{8}-[0-9a-f-]{27}$/i;
const LANE = /^[a-z0-9-]+\.[\w-]+\.[0-9a-f]{32,}$/;

/** A page by its name, a message or a lane by its id. */
export function GoTo({
  targets,
}: {
  readonly targets: readonly { readonly pattern: string; readonly name: keyof Words["nav"] }[];
}) {
  const { help, nav, show, cancel } = words.value;
  if (!goToOpen.value) return null;
  const shut = () => (goToOpen.value = false);
  const lead = (text: string) => {
    const wanted = text.trim();
    const page = targets.find(({ name }) => nav[name].toLowerCase().startsWith(wanted.toLowerCase()));
    const path = MESSAGE.test(wanted)
      ? `/console/messages/${wanted.toLowerCase()}`
      : LANE.test(wanted)
        ? `/console/lanes/${wanted}`
        : page?.pattern;
    if (path === undefined || wanted === "") return;
    shut();
    go(hrefOf(path));
  };
  return (
    <Dialog title={help.goTo} close={shut}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          lead(new FormData(event.currentTarget).get("to") as string);
        }}
      >
        <label>
          {help.goToHint}
          <input name="to" list="pages" autocomplete="off" autofocus />
        </label>
        <datalist id="pages">
          {targets.map(({ pattern, name }) => (
            <option key={pattern} value={nav[name]} />
          ))}
        </datalist>
        <span class="actions">
          <button class="main">{show}</button>
          <button type="button" onClick={shut}>
            {cancel}
          </button>
        </span>
      </form>
    </Dialog>
  );
}
