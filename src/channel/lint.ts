import { basename, extname } from "node:path";
import type { Channel } from "./channel.ts";
import type { Document } from "yaml";
import { referencesOf } from "./interpolate.ts";
import { lintRenderings } from "./lint-renderings.ts";
import type { Issue } from "./zod-issues.ts";

/** What no schema can say about one channel: that its parts fit together. */
export function lintChannel(channel: Channel): Issue[] {
  return [
    ...lintName(channel),
    ...lintDestinations(channel),
    ...lintRetention(channel),
    ...lintClearing(channel),
    ...lintTests(channel),
    ...lintRenderings(channel),
  ];
}

/** Members that stand in logs, in the API and in other problems, so that they must not come from outside the file. */
const SHOWN = [/^id$/, /^title$/, /^source\.insecure$/, /^destinations\.\d+\.id$/, /^tests\.\d+\.name$/];

/** References where their values would be shown. */
export function lintShown(document: Document): Issue[] {
  return referencesOf(document)
    .filter(({ path }) => SHOWN.some((member) => member.test(path.join("."))))
    .map(({ path }) => ({ path, message: "Shown in logs and the API, so it cannot be a reference; write it out" }));
}

/** A user and a password in an address: it is logged, shown and proxied as a whole. */
const WITH_USER = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]*@/i;

/** Addresses that carry credentials, wherever they are; a proxy's are its own. */
export function lintAddresses(value: unknown, path: readonly (string | number)[] = []): Issue[] {
  if (typeof value === "string") {
    if (path.at(-1) === "proxy" || !WITH_USER.test(value)) return [];
    return [{ path: [...path], message: "An address is no place for credentials; name user, password or token apart" }];
  }
  if (typeof value !== "object" || value === null) return [];
  const members = Array.isArray(value) ? value.entries() : Object.entries(value);
  return [...members].flatMap(([name, one]) => lintAddresses(one, [...path, name]));
}

/** What two channels cannot share: the member of the source that is theirs alone. */
export const EXCLUSIVE: Readonly<Record<string, { member: string; message: string }>> = {
  whatsapp: { member: "phone_number_id", message: "this phone number already belongs to channel" },
  mllp: { member: "port", message: "this port already belongs to channel" },
};

function lintName({ id, file }: Channel): Issue[] {
  const name = basename(file, extname(file));
  return id === name ? [] : [{ path: ["id"], message: `The file is named "${name}"; both names must be the same` }];
}

function lintDestinations({ destinations, waiver }: Channel): Issue[] {
  const issues: Issue[] = [];
  for (const [index, { id }] of destinations.entries()) {
    if (destinations.findIndex((other) => other.id === id) < index) {
      issues.push({ path: ["destinations", index, "id"], message: `Another destination is named "${id}"` });
    }
  }
  if (!waiver && !destinations.some(({ spec }) => spec.confirms)) {
    const message =
      "No destination can confirm what it holds, so nothing could ever be purged; add one, or an ack_only_waiver";
    issues.push({ path: ["destinations"], message });
  }
  return issues;
}

function lintRetention({ retention }: Channel): Issue[] {
  const issues: Issue[] = [];
  if (retention.hardMaxAgeMs <= retention.afterFiledMs) {
    issues.push({ path: ["retention", "hard_max_age"], message: "Must be longer than after_filed" });
  }
  if (retention.unknownSenderMs > retention.hardMaxAgeMs) {
    issues.push({ path: ["retention", "unknown_sender"], message: "Must not be longer than hard_max_age" });
  }
  return issues;
}

function lintClearing({ clearing, identity }: Channel): Issue[] {
  const issues: Issue[] = [];
  if (clearing.escalateAfterMs < clearing.dueAfterMs) {
    issues.push({ path: ["clearing", "escalate_after"], message: "Must not be shorter than due_after" });
  }
  if (identity?.reverifyAfterMs === 0) {
    issues.push({
      path: ["identity", "reverify_after"],
      message: "Must be longer than nothing: no link would ever hold",
    });
  }
  if (identity?.requireLevel === 3 && !clearing.fourEyes) {
    const message = "One clerk gives level 2, and require_level is 3: nobody's decision would reach it";
    issues.push({ path: ["clearing", "four_eyes"], message });
  }
  return issues;
}

function lintTests({ tests, destinations }: Channel): Issue[] {
  return tests.flatMap(({ expect }, index) =>
    (expect.routed ?? [])
      .filter((id) => !destinations.some((destination) => destination.id === id))
      .map((id) => ({ path: ["tests", index, "expect", "routed"], message: `No destination is named "${id}"` })),
  );
}
