import { entry, type ErrorEntry } from "./entry.ts";

/** People signing in and out. */
export const ACCESS_ERRORS = {
  ACCESS_PROVIDER_UNAVAILABLE: entry(
    "transient",
    "The identity provider does not answer.",
    "Whoever is signed in goes on, and machines are untouched; for anybody else there are break-glass accounts.",
  ),
  SYSLOG_UNAVAILABLE: entry(
    "transient",
    "The syslog receiver does not take the journal.",
    "Check journal.syslog in config/access.yaml, the receiver and its certificate; the lines wait in the journal and follow by themselves.",
  ),
  ACCESS_SIGN_IN_REFUSED: entry(
    "permanent",
    "The identity provider refused the sign-in, or what it said does not hold.",
    "Sign in again. If it stays: compare issuer, client and secret in config/access.yaml with the provider's.",
  ),
  ACCESS_LOGOUT_REFUSED: entry(
    "permanent",
    "An order to end sessions does not come from the identity provider, or is none.",
    "Compare issuer and client in config/access.yaml with the provider's.",
  ),
} as const satisfies Record<string, ErrorEntry>;
