import { z } from "zod";
import { json, route } from "../route.ts";

const channelSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  source: z.string().describe("Type of the source."),
  state: z.enum(["running", "refused"]),
  problems: z.array(z.string()).describe("Why the newest version of the file does not run."),
  destinations: z.array(z.strictObject({ id: z.string(), type: z.string() })),
});

const channelListSchema = z.strictObject({ items: z.array(channelSchema) });

export const listChannels = route({
  operationId: "listChannels",
  tag: "operation",
  method: "get",
  path: "/api/v1/channels",
  right: "channels.read",
  summary: "Lists running and refused channels, with the reasons",
  answer: json("ChannelList", channelListSchema, "All of them."),
  handle: (_input, { deps, channels: mine }) => ({
    items: deps
      .channels()
      .filter(({ id }) => mine?.includes(id) ?? true)
      .map(({ problems, destinations, ...channel }) => ({
        ...channel,
        problems: [...problems],
        destinations: [...destinations],
      })),
  }),
});
