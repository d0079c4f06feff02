import { useEffect, useState } from "preact/hooks";
import { at, type Answer } from "../api.ts";
import { fetchBytes } from "../ask.ts";
import { Refusal } from "../problem.ts";
import { bytes } from "../time.ts";
import { words } from "../words/index.ts";
import { Dialog } from "./dialog.tsx";
import { State } from "./state.tsx";

type Attachment = Answer<"showMessage">["attachments"][number];

/** What a message carries, for whoever may read it: pictures small, and large at a press; sound and films at a press. */
export function Media({ message, of }: { readonly message: string; readonly of: readonly Attachment[] }) {
  if (of.length === 0) return null;
  return (
    <ul class="media">
      {of.map((one, index) => (
        <li key={one.id}>
          <One message={message} of={one} number={index + 1} />
        </li>
      ))}
    </ul>
  );
}

interface OneProps {
  readonly message: string;
  readonly of: Attachment;
  readonly number: number;
}

function One({ message, of, number }: OneProps) {
  const { media } = words.value;
  const type = of.type ?? "";
  const admitted = of.verdict === "clean" || of.verdict === "released";
  const size = of.bytes === null ? "" : bytes(of.bytes);
  return (
    <>
      {type.startsWith("image/") && <Picture message={message} of={of} number={number} />}
      {admitted && /^(audio|video)\//.test(type) && <Played message={message} of={of} number={number} />}
      <p class="muted">
        {!admitted && <State is={of.verdict} />} {type} {size}
        {!admitted && type.startsWith("image/") && `· ${media.madeHere}`}
        {type !== "" && !/^(image|audio|video)\//.test(type) && `· ${media.notShown}`}
      </p>
    </>
  );
}

function Picture({ message, of, number }: OneProps) {
  const { media } = words.value;
  const [large, setLarge] = useState(false);
  const { url, refusal } = useBytes(message, of.id, "small");
  const name = media.picture(number);
  if (refusal) return <p class="stop">{media.refused}</p>;
  if (url === undefined) return <p class="muted">{words.value.loading}</p>;
  return (
    <>
      <button class="thumb" onClick={() => setLarge(true)}>
        <img src={url} alt={`${name}: ${media.larger}`} />
      </button>
      {large && (
        <Dialog title={name} close={() => setLarge(false)} wide>
          <Large message={message} of={of} number={number} />
          <p class="actions">
            <button onClick={() => setLarge(false)}>{words.value.close}</button>
          </p>
        </Dialog>
      )}
    </>
  );
}

function Large({ message, of, number }: OneProps) {
  const { media } = words.value;
  const { url, refusal } = useBytes(message, of.id, "large");
  if (refusal) return <p class="stop">{media.refused}</p>;
  if (url === undefined) return <p class="muted">{words.value.loading}</p>;
  return <img class="large" src={url} alt={media.picture(number)} />;
}

function Played({ message, of, number }: OneProps) {
  const { media } = words.value;
  const [wanted, setWanted] = useState(false);
  const [unable, setUnable] = useState(false);
  const { url, refusal } = useBytes(message, of.id, wanted ? "large" : undefined);
  const film = of.type?.startsWith("video/") === true;
  const name = film ? media.film(number) : media.sound(number);
  if (refusal) return <p class="stop">{media.refused}</p>;
  if (unable) return <p class="stop">{media.unable}</p>;
  if (!wanted) return <button onClick={() => setWanted(true)}>{media.play(name)}</button>;
  if (url === undefined) return <p class="muted">{words.value.loading}</p>;
  const failed = () => setUnable(true);
  return film ? (
    <video controls src={url} aria-label={name} ref={focus} onError={failed} />
  ) : (
    <audio controls src={url} aria-label={name} ref={focus} onError={failed} />
  );
}

/** Pressed for: the space bar plays it. */
function focus(element: HTMLElement | null): void {
  element?.focus();
}

/** Bytes as an address of this page's own, which ends with it: no address of the engine names what they are of. */
function useBytes(message: string, attachment: string, size: "small" | "large" | undefined) {
  const [url, setUrl] = useState<string>();
  const [refusal, setRefusal] = useState<Refusal>();
  useEffect(() => {
    if (size === undefined) return;
    const ending = new AbortController();
    let made: string | undefined;
    const wanted = at("viewAttachment", `/messages/${message}/attachments/${attachment}/view`, { size });
    fetchBytes(wanted, ending.signal).then(
      (blob) => {
        if (ending.signal.aborted) return;
        made = URL.createObjectURL(blob);
        setUrl(made);
      },
      (error: unknown) => {
        if (error instanceof Refusal) setRefusal(error);
      },
    );
    return () => {
      ending.abort();
      if (made !== undefined) URL.revokeObjectURL(made);
    };
  }, [message, attachment, size]);
  return { url, refusal };
}
