import type { Channel } from "./channel.ts";

/** A mermaid flowchart of the channels, one box each, in the order given. */
export function renderGraph(channels: readonly Channel[]): string {
  return ["flowchart LR", ...channels.flatMap((channel, index) => renderChannel(channel, `c${index}`))].join("\n");
}

function renderChannel(channel: Channel, prefix: string): string[] {
  const steps = [
    `${prefix}s([${label(channel.sourceType)}])`,
    ...(channel.filter ? [`${prefix}f{${label(channel.filter.expression)}}`] : []),
    ...(channel.identity ? [`${prefix}i{${label(`identified, level ${channel.identity.requireLevel} or more`)}}`] : []),
  ];
  const last = steps.at(-1)?.slice(0, prefix.length + 1) ?? "";
  return [
    `  subgraph ${prefix}[${label(`${channel.id}: ${channel.title}`)}]`,
    `    ${steps.join(" --> ")}`,
    ...channel.destinations.map(
      ({ id, spec, mapping }, index) =>
        `    ${last} -->|${label(mapping.name)}| ${prefix}d${index}[(${label(`${id}: ${spec.type}`)})]`,
    ),
    "  end",
  ];
}

/** Mermaid reads quotes and brackets in bare text as syntax; `#quot;` is its own escape. */
function label(text: string): string {
  return `"${text.replaceAll('"', "#quot;")}"`;
}
