import type { ComponentChildren } from "preact";
import { toldOf, useErrorTexts } from "../errors.ts";
import { hrefOf } from "../router.ts";
import { ageOf, exactTime, shortTime } from "../time.ts";
import { words } from "../words/index.ts";
import { STEP_UP, type Refusal } from "../problem.ts";
import { Prove } from "./prove.tsx";

export function Time({ at }: { readonly at: string | null | undefined }) {
  if (at === null || at === undefined) return <span class="muted">{words.value.never}</span>;
  return (
    <time dateTime={at} title={exactTime(at)}>
      {shortTime(at)}
    </time>
  );
}

export function Age({ of }: { readonly of: string | null | undefined }) {
  if (of === null || of === undefined) return <span class="muted">{words.value.never}</span>;
  return (
    <time dateTime={of} title={exactTime(of)}>
      {ageOf(of)}
    </time>
  );
}

const HASH = /^[0-9a-f-]{15,}$/i;
const LONG = 32;

/** The middle of what nobody reads is cut: people compare beginnings and ends. */
export function Id({ of }: { readonly of: string }) {
  return (
    <span class="id" title={of}>
      {HASH.test(of) || of.length > LONG ? `${of.slice(0, 6)}…${of.slice(-4)}` : of}
    </span>
  );
}

export function Title({ children, side }: { readonly children: ComponentChildren; readonly side?: ComponentChildren }) {
  return (
    <div class="title">
      <h1>{children}</h1>
      {side}
    </div>
  );
}

export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <p class="card empty">{children}</p>;
}

/** An error says its code, what it means and what to do. */
export function Problem({ of, again }: { readonly of: Refusal; readonly again?: () => void }) {
  const { problem, refusals, again: word } = words.value;
  useErrorTexts();
  if (of.code === STEP_UP) {
    return (
      <div class="card problem" role="alert">
        <Prove doing={of.href} />
      </div>
    );
  }
  const listed = toldOf(of.code);
  const told =
    of.status === 0
      ? problem.unreachable
      : of.status === 403
        ? problem.forbidden
        : of.status === 404
          ? problem.missing
          : (refusals[of.code] ?? listed?.remedy ?? of.detail);
  return (
    <div class="card problem" role="alert">
      {of.message !== "" && of.status !== 403 && of.status !== 404 && (
        <h2>{of.code in refusals ? problem.refused : (listed?.meaning ?? of.message)}</h2>
      )}
      <p>{told}</p>
      {of.status !== 0 && (
        <p class="muted">
          {problem.code} <span class="id">{of.code}</span>
        </p>
      )}
      {again && of.status !== 403 && <button onClick={again}>{word}</button>}
    </div>
  );
}

export function Loading() {
  return <p class="muted">{words.value.loading}</p>;
}

/** A number that leads to what it counts. */
export function Count({
  of,
  path,
  query,
}: {
  readonly of: number;
  readonly path: string;
  readonly query: Record<string, string>;
}) {
  if (of === 0) return <span class="muted">0</span>;
  return <a href={hrefOf(path, query)}>{of.toLocaleString()}</a>;
}
