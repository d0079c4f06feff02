import type { Cut } from "#src/sources/source.ts";

/** What of an event belongs to one channel. */
export interface Share extends Cut {
  readonly channel: string;
}

/**
 * Hands what an event addresses to other channels over to them, whole: their ids, lanes and destinations. What nobody
 * owns stays where it came in. The first share is the receiving channel's, even when nothing is left for it.
 * @param owner the channel that owns an address and believes this event; undefined where there is none
 */
export function shareOut(
  channel: string,
  cut: Cut,
  owner: (address: string) => string | undefined,
): [Share, ...Share[]] {
  // Nearly every event: all of it is the receiving channel's own.
  if ([...cut.messages, ...cut.notices].every(({ addressee }) => addressee === undefined)) return [{ channel, ...cut }];
  const owners = new Map<string, string>();
  const ownerOf = (addressee: string | undefined): string => {
    if (addressee === undefined) return channel;
    const known = owners.get(addressee) ?? owner(addressee) ?? channel;
    owners.set(addressee, known);
    return known;
  };
  const messages = Map.groupBy(cut.messages, ({ addressee }) => ownerOf(addressee));
  const notices = Map.groupBy(cut.notices, ({ addressee }) => ownerOf(addressee));
  const others = new Set([...messages.keys(), ...notices.keys()]);
  others.delete(channel);
  return [
    { channel, messages: messages.get(channel) ?? [], notices: notices.get(channel) ?? [] },
    ...Array.from(others, (other) => ({
      channel: other,
      messages: (messages.get(other) ?? []).map(({ hold, ...draft }) =>
        hold === undefined || hold === "foreign_number" ? draft : { ...draft, hold },
      ),
      notices: notices.get(other) ?? [],
    })),
  ];
}
