import { computed, signal } from "@preact/signals";
import type { Answer } from "./api.ts";

type Me = Answer<"me">;
export type Right = Me["rights"][number]["right"];

/**
 * Who is signed in: a person by the house's provider (the browser holds a cookie this page cannot read), or whoever typed
 * a token, kept in this page's memory only and gone with it. Undefined: not asked yet; null: nobody.
 */
export const session = signal<Me | null | undefined>(undefined);

let token: string | undefined;

/** What a request proves itself with, beside the cookie. */
export function credentials(writes: boolean): Readonly<Record<string, string>> {
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  const csrf = session.value?.session?.csrf;
  return writes && csrf !== undefined ? { "x-csrf-token": csrf } : {};
}

/** Asks who the browser, or this token, stands for. @returns whether anybody */
export async function recognise(typed?: string): Promise<boolean> {
  token = typed;
  const response = await fetch("/api/v1/me", { cache: "no-store", headers: credentials(false) }).catch(() => undefined);
  if (response?.ok === true) session.value = (await response.json()) as Me;
  else {
    token = undefined;
    session.value = null;
  }
  return session.value !== null;
}

/** Nothing is known of anybody any more. */
export function forget(): void {
  token = undefined;
  session.value = null;
}

export async function signOut(): Promise<void> {
  const personal = session.value?.session != null;
  const response = personal
    ? await fetch("/auth/logout", { method: "POST", headers: credentials(true) }).catch(() => undefined)
    : undefined;
  forget();
  if (response?.ok !== true) return;
  const { location: next } = (await response.json()) as { location?: string };
  if (next !== undefined) location.assign(next);
}

const rights = computed(() => new Set(session.value?.rights.map(({ right }) => right)));

export function may(right: Right): boolean {
  return rights.value.has(right);
}
