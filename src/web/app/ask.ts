import { useEffect, useRef, useState } from "preact/hooks";
import type { Address, Answer, Operation } from "./api.ts";
import { Refusal, refusalOf, STEP_UP, unreachable } from "./problem.ts";
import { credentials, forget, session } from "./session.ts";

interface How {
  readonly signal?: AbortSignal;
  /** The page asks by itself, whoever sits in front of it. */
  readonly unattended?: boolean;
}

/** Asks the API. @throws Refusal */
export async function send<Id extends Operation>(
  method: "GET" | "POST" | "DELETE",
  address: Address<Id>,
  body?: unknown,
  how: How = {},
): Promise<Answer<Id>> {
  const response = await ask(method, address, body, how);
  return (await response.json()) as Answer<Id>;
}

/** Asks for a picture, a recording or a film. @throws Refusal */
export async function fetchBytes(address: Address<"viewAttachment">, signal: AbortSignal): Promise<Blob> {
  const response = await ask("GET", address, undefined, { signal });
  return response.blob();
}

async function ask(
  method: string,
  { href }: Address<Operation>,
  body: unknown,
  { signal, unattended = false }: How,
): Promise<Response> {
  const response = await fetch(href, {
    method,
    cache: "no-store",
    redirect: "error",
    headers: {
      ...credentials(method !== "GET"),
      // The page asks by itself: that keeps no session open in front of which nobody sits.
      ...(unattended && { "x-unattended": "true" }),
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    throw signal?.aborted === true ? error : unreachable();
  });
  if (!response.ok) {
    const refusal = await refusalOf(response, href);
    // Whoever has to prove anew who he is is still known.
    if (refusal.status === 401 && refusal.code !== STEP_UP) forget();
    throw refusal;
  }
  return response;
}

/** What is known of an answer: the last good one stays while it is asked again, with its age. */
export interface Asked<T> {
  readonly data: T | undefined;
  readonly refusal: Refusal | undefined;
  /** When `data` came, by this page's clock. */
  readonly at: number;
  readonly pending: boolean;
  readonly again: () => void;
}

type State<T> = Omit<Asked<T>, "again"> & { readonly href: string };

const NOTHING = { data: undefined, refusal: undefined, at: 0, pending: true } as const;

/** Asks now, whenever the address changes, and whenever `version` does (a live change). */
export function useAsk<Id extends Operation>(
  address: Address<Id> | undefined,
  version: unknown = 0,
): Asked<Answer<Id>> {
  const [state, setState] = useState<State<Answer<Id>>>({ href: "", ...NOTHING });
  const [round, setRound] = useState(0);
  const asked = useRef<{ href: string; round: number }>(undefined);
  const signedIn = session.value != null;
  const href = address?.href;
  useEffect(() => {
    if (address === undefined || href === undefined || !signedIn) return;
    const ending = new AbortController();
    const unattended = asked.current?.href === href && asked.current.round === round;
    asked.current = { href, round };
    // Another address is another question: its old answer would be a lie.
    setState((old) => (old.href === href ? { ...old, pending: true } : { href, ...NOTHING }));
    send("GET", address, undefined, { signal: ending.signal, unattended }).then(
      (data) => setState({ href, data, refusal: undefined, at: Date.now(), pending: false }),
      (error: unknown) => {
        if (ending.signal.aborted) return;
        const refusal = error instanceof Refusal ? error : unreachable();
        setState((old) => ({ ...old, refusal, pending: false }));
      },
    );
    return () => ending.abort();
  }, [href, version, round, signedIn]);
  const current = state.href === href ? state : NOTHING;
  return { ...current, again: () => setRound((n) => n + 1) };
}
