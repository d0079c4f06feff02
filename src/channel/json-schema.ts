import { z } from "zod";
import { DESTINATIONS } from "#src/destinations/index.ts";
import { SOURCES } from "#src/sources/index.ts";
import { channelFile, DESTINATION_MEMBERS } from "./schema.ts";

type JsonSchema = Record<string, unknown>;

/** A scalar may always be a reference that is filled in after parsing. */
const REFERENCE = "\\$\\{";

/** The JSON Schema of a channel file, for editors: made from the same specs that lint it. */
export function channelJsonSchema(): JsonSchema {
  const { $schema, ...rest } = toJsonSchema(channelFile);
  const properties = rest["properties"] as Record<string, JsonSchema>;
  const items = properties["destinations"]?.["items"] as JsonSchema;
  const own = items["properties"] as Record<string, JsonSchema>;
  return {
    $schema,
    title: "A Botenstoff channel",
    ...rest,
    properties: {
      ...properties,
      source: { ...describing(properties["source"]), oneOf: SOURCES.map((spec) => connector(spec, {}, [])) },
      destinations: {
        ...properties["destinations"],
        items: {
          oneOf: DESTINATIONS.map((spec) => {
            const members = DESTINATION_MEMBERS.map((name) => [name, own[name]] as const);
            return connector(spec, Object.fromEntries(members), ["id", "mapping"]);
          }),
        },
      },
    },
  };
}

/** A schema of another file that is read as channel files are, laid out as prettier would. */
export function renderSchema(title: string, schema: z.ZodType): string {
  const { $schema, ...rest } = toJsonSchema(schema);
  return `${layOut({ $schema, title, ...rest }, "")}\n`;
}

/** The text of config/channel.schema.json, laid out as prettier would. */
export function renderChannelSchema(): string {
  return `${layOut(channelJsonSchema(), "")}\n`;
}

function connector(
  spec: { readonly type: string; readonly summary: string; readonly config: z.ZodType },
  members: Record<string, unknown>,
  required: readonly string[],
): JsonSchema {
  const { $schema: _dialect, ...schema } = toJsonSchema(spec.config);
  return {
    title: spec.type,
    description: spec.summary,
    ...schema,
    properties: { ...members, ...(schema["properties"] as JsonSchema) },
    required: [...new Set([...required, ...((schema["required"] ?? []) as string[])])],
  };
}

function toJsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema }) => allowReference(jsonSchema as JsonSchema),
  });
}

/** Lets `${NAME}` stand where a number, a truth value or a formatted text is asked for. */
function allowReference(schema: JsonSchema): void {
  const { type } = schema;
  if (type === "integer" || type === "number" || type === "boolean") {
    schema["type"] = [type, "string"];
    schema["pattern"] = REFERENCE;
  } else if (type === "string" && ("pattern" in schema || "format" in schema || "enum" in schema)) {
    const { description, default: fallback, ...rest } = schema;
    for (const key of Object.keys(rest)) {
      Reflect.deleteProperty(schema, key);
    }
    schema["anyOf"] = [rest, { type: "string", pattern: REFERENCE }];
  }
}

function describing(schema: JsonSchema | undefined): JsonSchema {
  return schema?.["description"] === undefined ? {} : { description: schema["description"] };
}

function layOut(value: unknown, indent: string): string {
  if (typeof value !== "object" || value === null) {
    return JSON.stringify(value);
  }
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    const flat = `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
    const scalars = value.every((item) => typeof item !== "object");
    return scalars && flat.length + indent.length < 100
      ? flat
      : `[\n${value.map((item) => deeper + layOut(item, deeper)).join(",\n")}\n${indent}]`;
  }
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const lines = members.map(([key, member]) => `${deeper}${JSON.stringify(key)}: ${layOut(member, deeper)}`);
  return lines.length === 0 ? "{}" : `{\n${lines.join(",\n")}\n${indent}}`;
}
