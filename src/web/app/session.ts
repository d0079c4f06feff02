import { signal } from "@preact/signals";

/**
 * Who is signed in, as far as this page knows. A token is typed by the person and kept in this page's memory only: it is
 * gone with the page.
 */
export interface Session {
  readonly token: string;
}

export const session = signal<Session | undefined>(undefined);

/** What a request proves itself with. */
export function credentials(): Readonly<Record<string, string>> {
  return session.value ? { authorization: `Bearer ${session.value.token}` } : {};
}

export function signOut(): void {
  session.value = undefined;
}
