/** Milliseconds since 1970, passed in wherever time matters so that tests own it. */
export type Clock = () => number;

/** What `clock` was at the start plus the time since, by one that nobody can set: it does not follow a jump. */
export function steadyClock(clock: Clock, elapsed: Clock): Clock {
  const offset = clock() - elapsed();
  return () => offset + elapsed();
}
