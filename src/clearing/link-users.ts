import type { Queryable } from "#src/store/queryable.ts";
import { channelsOfContact } from "#src/store/sql/link-proposals.ts";
import type { LinkRow } from "#src/store/sql/links.ts";
import type { ClearingDeps, Decider } from "./deps.ts";

type Linked = Pick<LinkRow, "contactBi" | "userBi">;

/**
 * Links hold for all channels alike, so a decision about one is a decision on every channel on which its contact writes: two
 * persons make it where one of them asks for two, and nobody who may not decide on each. What nobody has written to yet is
 * every channel's (docs/decisions/0160-a-link-is-everybodys-who-uses-it.md).
 */
export async function usersOf(deps: ClearingDeps, db: Queryable, by: Pick<Decider, "channels">, link: Linked) {
  const deployed = deps.channels();
  const writing = await channelsOfContact(db, link, deployed);
  const asked = writing.length > 0 ? writing : deployed;
  return {
    fourEyes: asked.length === 0 || asked.some((channel) => deps.policyOf(channel).fourEyes),
    reachable: writing.every((channel) => by.channels?.includes(channel) ?? true),
  };
}

export async function mayDecide(
  deps: ClearingDeps,
  db: Queryable,
  by: Pick<Decider, "channels">,
  link: Linked,
): Promise<boolean> {
  return (await usersOf(deps, db, by, link)).reachable;
}
