import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { ROLES, type Role } from "#src/audit/rights.ts";
import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";
import type { Foundation } from "../foundation.ts";
import { JSON_FLAG, write, type Command, type Given } from "./command.ts";
import { table } from "./table.ts";

const BESIDE =
  "Works on the database itself, beside a running engine or without one; whoever may read the master key may do this.";
const NAMES = /^[a-z0-9][a-z0-9-]{0,62}$/;
const LONGEST_BREAK_GLASS_MS = 86_400_000;
const NAME = { name: "name", least: 1, most: 1 } as const;

/** The commands about who may in. */
export const ACCESS_COMMANDS: readonly Command[] = [
  {
    name: "access lint",
    summary: "checks config/access.yaml, offline",
    details: "Prints file:line:column and what is wrong. Needs no secrets: names without a value are taken as given.",
    run: lint,
  },
  {
    name: "access token create",
    summary: "makes a machine token and prints it, this once",
    details: `${BESIDE}\nRoles: ${Object.keys(ROLES).join(", ")}.`,
    words: NAME,
    options: {
      roles: "comma-separated; default machine",
      channels: "comma-separated; default all",
      expires: "ISO 8601 duration from now, such as P90D; default never",
      certificate: "PEM file of a client certificate that stands for it; then no token is shown",
    },
    run: createOne,
  },
  {
    name: "access token list",
    summary: "lists machine tokens: roles, channels, expiry, last use",
    details: BESIDE,
    flags: JSON_FLAG,
    run: list,
  },
  {
    name: "access token revoke",
    summary: "revokes a machine token, at once and for good",
    details: BESIDE,
    words: NAME,
    run: revoke,
  },
  {
    name: "access break-glass open",
    summary: "opens an account for the time without an identity provider",
    details: `${BESIDE}\nPrints a password and the secret of an authenticator app, this once. The journal keeps it, a metric alarms.`,
    words: NAME,
    options: {
      roles: "comma-separated; default engineer",
      for: "ISO 8601 duration, at most P1D; default PT4H",
      reason: "why; the journal keeps it",
    },
    run: openBreakGlass,
  },
  {
    name: "access break-glass list",
    summary: "lists the break-glass accounts that are open",
    details: BESIDE,
    run: listBreakGlassAccounts,
  },
  {
    name: "access break-glass close",
    summary: "closes a break-glass account and ends its sessions",
    details: BESIDE,
    words: NAME,
    run: closeBreakGlassAccount,
  },
];

async function openBreakGlass({ words: [name = ""], options }: Given): Promise<number> {
  const [{ openAccount }, { parseDuration }] = await Promise.all([
    import("#src/access/break-glass.ts"),
    import("#src/message/duration.ts"),
  ]);
  const { reason = "" } = options;
  const roles = rolesOf(options["roles"] ?? "engineer");
  if (!roles || !NAMES.test(name) || reason.trim() === "") {
    process.stderr.write(
      "botenstoff access break-glass open: give a name of lower-case letters, roles, and --reason\n",
    );
    return 2;
  }
  return withFoundation(async ({ store, sealer, clock, journal }) => {
    const now = new Date(clock());
    const endsAt = new Date(now.getTime() + Math.min(parseDuration(options["for"] ?? "PT4H"), LONGEST_BREAK_GLASS_MS));
    const opened = await store.transaction(async (db) => {
      const made = await openAccount(db, sealer, { name, roles, endsAt }, operator(), now);
      const detail = { roles: roles.join(" "), until: endsAt.toISOString(), reason: reason.trim() };
      if (made) await journal(db, "break_glass.opened", name, detail, operator());
      return made;
    });
    if (!opened) {
      process.stderr.write(`botenstoff: a break-glass account "${name}" is open; close it first\n`);
      return 1;
    }
    write(`name      ${name}`);
    write(`password  ${opened.password}`);
    write(`codes     ${opened.otpauth}`);
    write(`until     ${endsAt.toISOString()}`);
    write("Shown this once. Enter the address of codes in an authenticator app, then sign in at /auth/break-glass.");
    return 0;
  });
}

async function listBreakGlassAccounts(): Promise<number> {
  const { listBreakGlass } = await import("#src/store/sql/break-glass.ts");
  return withFoundation(async ({ store, clock }) => {
    const rows = (await listBreakGlass(store, new Date(clock()))).map((row) => ({
      name: row.name,
      roles: row.roles.join(" "),
      opened_by: row.openedBy,
      ends_at: row.endsAt.toISOString(),
    }));
    for (const line of table(["name", "roles", "opened_by", "ends_at"], rows)) write(line);
    return 0;
  });
}

async function closeBreakGlassAccount({ words: [name = ""] }: Given): Promise<number> {
  const [{ BREAK_GLASS }, { closeBreakGlass }, { endSessions }] = await Promise.all([
    import("#src/access/break-glass.ts"),
    import("#src/store/sql/break-glass.ts"),
    import("#src/store/sql/access-sessions.ts"),
  ]);
  return withFoundation(async ({ store, blindIndex, journal }) => {
    const closed = await store.transaction(async (db) => {
      const done = await closeBreakGlass(db, name);
      await endSessions(db, { personBi: blindIndex.of("person", BREAK_GLASS, name) });
      if (done) await journal(db, "break_glass.closed", name, {}, operator());
      return done;
    });
    write(closed ? `closed: ${name}; its sessions have ended` : `no break-glass account "${name}" is open`);
    return closed ? 0 : 1;
  });
}

function rolesOf(list: string): Role[] | undefined {
  const roles = list.split(",").map((role) => role.trim());
  return roles.every((role): role is Role => Object.hasOwn(ROLES, role)) ? roles : undefined;
}

async function lint(): Promise<number> {
  const [{ lintAccessFile }, { formatProblem }, { readSettings }] = await Promise.all([
    import("../access-file.ts"),
    import("#src/channel/problem.ts"),
    import("../settings.ts"),
  ]);
  const { settings, problems } = await lintAccessFile(readSettings(process.env), "placeholder");
  for (const problem of problems) write(formatProblem(problem));
  if (problems.length === 0) write(`${settings.providers.length} identity providers, no problems`);
  return problems.length === 0 ? 0 : 1;
}

async function createOne({ words: [name = ""], options }: Given): Promise<number> {
  const [{ createToken }, { parseDuration }] = await Promise.all([
    import("#src/access/tokens.ts"),
    import("#src/message/duration.ts"),
  ]);
  const roles = rolesOf(options["roles"] ?? "machine");
  if (!roles || !NAMES.test(name)) {
    process.stderr.write("botenstoff access token create: give a name of lower-case letters, and roles there are\n");
    return 2;
  }
  const expires = options["expires"];
  const channels = options["channels"]?.split(",").map((channel) => channel.trim());
  const file = options["certificate"];
  const certificate = file === undefined ? undefined : fingerprintOf(file);
  return withFoundation(async ({ store, clock, journal }) => {
    const now = clock();
    const expiresAt = expires === undefined ? undefined : new Date(now + parseDuration(expires));
    const wish = { name, roles, channels, expiresAt, certificate };
    const token = await store.transaction(async (db) => {
      const made = await createToken(db, wish, operator(), new Date(now));
      const detail = {
        roles: roles.join(" "),
        channels: channels?.join(" ") ?? null,
        ...(certificate && { certificate: certificate.toString("hex") }),
      };
      if (made !== undefined) await journal(db, "token.created", name, detail, operator());
      return made;
    });
    if (token === undefined)
      process.stderr.write(`botenstoff: the name "${name}" is taken, or its certificate; a name is used once\n`);
    else write(certificate ? `certificate ${certificate.toString("hex")} stands for ${name}` : token);
    return token === undefined ? 1 : 0;
  });
}

/** @throws BotenstoffError CONFIG_INVALID */
function fingerprintOf(file: string): Buffer {
  try {
    return createHash("sha256")
      .update(new X509Certificate(readFileSync(file)).raw)
      .digest();
  } catch (cause) {
    throw new BotenstoffError("CONFIG_INVALID", `reading ${file}: ${kindOfError(cause)}`, { cause });
  }
}

async function list({ flags }: Given): Promise<number> {
  const { listAccessTokens } = await import("#src/store/sql/access-tokens.ts");
  return withFoundation(async ({ store }) => {
    const tokens = await listAccessTokens(store);
    const rows = tokens.map((token) => ({
      name: token.name,
      roles: token.roles.join(" "),
      channels: token.channels?.join(" ") ?? "all",
      expires_at: token.expiresAt?.toISOString() ?? "",
      used_at: token.usedAt?.toISOString() ?? "",
      revoked_at: token.revokedAt?.toISOString() ?? "",
      certificate: token.certificate?.toString("hex") ?? "",
    }));
    const columns = ["name", "roles", "channels", "expires_at", "used_at", "revoked_at", "certificate"] as const;
    if (flags.has("json")) write(JSON.stringify(rows));
    else for (const line of table([...columns], rows)) write(line);
    return 0;
  });
}

async function revoke({ words: [name = ""] }: Given): Promise<number> {
  const { revokeAccessToken } = await import("#src/store/sql/access-tokens.ts");
  return withFoundation(async ({ store, clock, journal }) => {
    const revoked = await store.transaction(async (db) => {
      const done = await revokeAccessToken(db, name, new Date(clock()));
      if (done) await journal(db, "token.revoked", name, {}, operator());
      return done;
    });
    write(revoked ? `revoked: ${name}` : `no token "${name}" that could be revoked`);
    return revoked ? 0 : 1;
  });
}

/** Who sits at the console, as far as the machine knows: the journal's word for what is done by command. */
function operator(): string {
  return `console:${userInfo().username}`;
}

async function withFoundation(run: (foundation: Foundation) => Promise<number>): Promise<number> {
  const [{ openFoundation }, { readSettings }, { createLog }] = await Promise.all([
    import("../foundation.ts"),
    import("../settings.ts"),
    import("../log.ts"),
  ]);
  const foundation = await openFoundation(readSettings(process.env), createLog("error"), true);
  try {
    return await run(foundation);
  } finally {
    await foundation.close();
  }
}
