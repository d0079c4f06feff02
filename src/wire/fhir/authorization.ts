import { Secret } from "#src/message/secret.ts";

interface Credentials {
  readonly token?: Secret | undefined;
  readonly username?: string | undefined;
  readonly password?: Secret | undefined;
}

/** The value of the Authorization header: a bearer token, or basic authentication. */
export function authorizationOf({ token, username, password }: Credentials): Secret | undefined {
  if (token) return new Secret(`Bearer ${token.reveal()}`);
  if (username === undefined) return undefined;
  return new Secret(`Basic ${Buffer.from(`${username}:${password?.reveal() ?? ""}`).toString("base64")}`);
}
