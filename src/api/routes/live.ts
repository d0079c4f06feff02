import { channelsOf, may } from "#src/audit/principal.ts";
import { stillProven } from "../auth.ts";
import type { LiveNews } from "../live.ts";
import { own, route, type RouteContext } from "../route.ts";

const RIGHT = "messages.read";
/** While the database is away nobody can be asked after, and nothing is streamed; then the stream ends. */
const UNKNOWN_BEATS = 3;
const SEQ = /^\d{1,15}$/;

export const followLive = route({
  operationId: "followLive",
  tag: "operation",
  method: "get",
  path: "/api/v1/live",
  right: RIGHT,
  summary: "Streams what changes: ids, states and counts, four times a second at most",
  details:
    "Server-sent events named `change` with `seq`, `arrived`, `moved` and `topics` (lists to ask for again). " +
    "With `Last-Event-ID` it tells first what was missed.",
  answer: own(
    "text/event-stream",
    "The stream; it ends when the engine stops, and within a minute after the caller may listen no more.",
  ),
  handle: (_input, context) => stream(context),
});

/** Streams until the caller may listen no more: signed out, locked out, the role taken, a limit reached, the token revoked. */
function stream({ deps, principal, request, response }: RouteContext): void {
  const { live, connections } = deps;
  let channels = channelsOf(principal, RIGHT);
  const mine = (news: readonly LiveNews[]) => news.filter(({ channel }) => channels?.includes(channel) ?? true);
  const last = request.get("last-event-id") ?? "";
  // Whoever is signed in and listens is no stranger who keeps a connection busy.
  connections.judged(request.socket, true);
  response.writeHead(200, {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
  });
  response.write(": \n\n");
  const unsubscribe = live.subscribe(
    (change) => {
      // A browser that reads no more is not written to without end: it is let go, and comes back with its last number.
      if (response.writableNeedDrain) end();
      else
        response.write(
          `id: ${change.seq}\nevent: change\ndata: ${JSON.stringify({ ...change, arrived: mine(change.arrived), moved: mine(change.moved) })}\n\n`,
        );
    },
    SEQ.test(last) ? Number(last) : undefined,
  );
  let unknown = 0;
  const beat = async () => {
    response.write(": \n\n");
    const now = await stillProven(deps, request).catch(() => "unknown" as const);
    unknown = now === "unknown" ? unknown + 1 : 0;
    if (now === "unknown") {
      if (unknown >= UNKNOWN_BEATS) end();
    } else if (now && may(now, RIGHT)) channels = channelsOf(now, RIGHT);
    else end();
  };
  const beats = setInterval(() => void beat(), live.beatMs);
  const end = () => {
    clearInterval(beats);
    unsubscribe();
    live.closed.removeEventListener("abort", end);
    response.end();
  };
  live.closed.addEventListener("abort", end);
  response.once("close", end);
  if (live.closed.aborted) end();
}
