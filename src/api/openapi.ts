import { z } from "zod";
import { channelListSchema } from "./routes/channels.ts";
import { readinessSchema } from "./routes/health.ts";
import { contentQuerySchema, messageDetailSchema, messageListSchema, messageQuerySchema } from "./message-schema.ts";
import {
  noticeDetailSchema,
  noticeListSchema,
  noticeQuerySchema,
  statusListSchema,
  statusQuerySchema,
} from "./notice-schema.ts";
import { problemSchema } from "./problem.ts";
import { releaseSchema } from "./routes/release.ts";
import { purgeListSchema, purgeQuerySchema } from "./routes/purges.ts";
import { withdrawSchema } from "./routes/withdraw.ts";
import { rehomingListSchema, rehomingQuerySchema } from "./routes/rehomings.ts";

/** Every schema an answer may have, by its name in the document. */
export const COMPONENTS = {
  MessageList: messageListSchema,
  Message: messageDetailSchema,
  NoticeList: noticeListSchema,
  Notice: noticeDetailSchema,
  StatusList: statusListSchema,
  ChannelList: channelListSchema,
  PurgeList: purgeListSchema,
  RehomingList: rehomingListSchema,
  Readiness: readinessSchema,
  Problem: problemSchema,
} as const;

type Component = keyof typeof COMPONENTS;
type Json = Readonly<Record<string, unknown>>;

const problem = (description: string) => answer(description, "Problem", "application/problem+json");
const PROTECTED = {
  401: problem("No or a wrong token."),
  403: problem("No token is configured."),
  429: problem("Too many wrong tokens from this address."),
};

/** The OpenAPI 3.1 description, made from the very schemas that read requests and shape answers. */
export function openApiDocument() {
  return {
    openapi: "3.1.0",
    info: {
      title: "Botenstoff",
      version: "1",
      description: "Times are ISO 8601 in UTC. Errors are RFC 9457 problem details.",
    },
    paths: {
      "/webhooks/{channel}": {
        parameters: [inPath("channel")],
        get: {
          summary: "Answers the provider's verification",
          security: [],
          responses: {
            200: { description: "The challenge, verbatim.", content: { "text/plain": { schema: { type: "string" } } } },
            403: problem("The verification does not match."),
            404: problem("No such webhook."),
          },
        },
        post: {
          summary: "Takes an event",
          security: [],
          requestBody: { required: true, content: { "*/*": {} } },
          responses: {
            200: { description: "The event is durable." },
            401: problem("The signature does not match; nothing was stored."),
            404: problem("No such webhook."),
            413: problem("Larger than 3 MB."),
            415: problem("Compressed."),
            503: problem("Nothing was stored; send it again."),
          },
        },
      },
      "/api/v1/messages": {
        get: {
          summary: "Lists messages, newest first",
          parameters: inQuery(messageQuerySchema),
          responses: { 200: answer("A page.", "MessageList"), 400: problem("Invalid query."), ...PROTECTED },
        },
      },
      "/api/v1/messages/{id}": {
        parameters: [inPath("id")],
        get: {
          summary: "Shows a message",
          parameters: inQuery(contentQuerySchema),
          responses: {
            200: answer("The message.", "Message"),
            400: problem("Invalid query."),
            404: problem("No such message."),
            ...PROTECTED,
          },
        },
      },
      "/api/v1/messages/{id}/reprocess": {
        parameters: [inPath("id")],
        post: {
          summary: "Processes a held, filtered or failed message again",
          responses: {
            202: answer("The message as it is now.", "Message"),
            404: problem("No such message."),
            409: problem("Its state does not allow it."),
            ...PROTECTED,
          },
        },
      },
      "/api/v1/notices": {
        get: {
          summary: "Lists what providers tell operators, and statuses, newest first",
          parameters: inQuery(noticeQuerySchema),
          responses: { 200: answer("A page.", "NoticeList"), 400: problem("Invalid query."), ...PROTECTED },
        },
      },
      "/api/v1/notices/{id}": {
        parameters: [inPath("id")],
        get: {
          summary: "Shows a notice",
          parameters: inQuery(contentQuerySchema),
          responses: {
            200: answer("The notice.", "Notice"),
            400: problem("Invalid query."),
            404: problem("No such notice, or purged."),
            ...PROTECTED,
          },
        },
      },
      "/api/v1/statuses": {
        get: {
          summary: "Lists how far sent messages have come, last changed first",
          parameters: inQuery(statusQuerySchema),
          responses: { 200: answer("The newest.", "StatusList"), 400: problem("Invalid query."), ...PROTECTED },
        },
      },
      "/api/v1/messages/{id}/release": {
        parameters: [inPath("id")],
        post: {
          summary: "Lets a quarantined message go on with its attachments as they are",
          requestBody: {
            required: true,
            content: { "application/json": { schema: jsonSchema(releaseSchema, "input") } },
          },
          responses: {
            202: answer("The message as it is now.", "Message"),
            400: problem("Invalid body."),
            404: problem("No such message."),
            409: problem("It is not quarantined, or there is nothing to release."),
            413: problem("Larger than 8 KB."),
            415: problem("Compressed."),
            ...PROTECTED,
          },
        },
      },
      "/api/v1/messages/{id}/withdraw": {
        parameters: [inPath("id")],
        post: {
          summary: "Takes a message out of every chart that has it; asked twice, it happens once",
          requestBody: {
            required: true,
            content: { "application/json": { schema: jsonSchema(withdrawSchema, "input") } },
          },
          responses: {
            202: answer("The message as it is now; its deliveries tell how far the withdrawal is.", "Message"),
            400: problem("Invalid body."),
            404: problem("No such message."),
            409: problem("No destination has it, it was purged here, or an attempt to deliver it is under way."),
            413: problem("Larger than 8 KB."),
            415: problem("Compressed."),
            ...PROTECTED,
          },
        },
      },
      "/api/v1/channels": {
        get: { summary: "Lists the channels", responses: { 200: answer("All of them.", "ChannelList"), ...PROTECTED } },
      },
      "/api/v1/purges": {
        get: {
          summary: "Lists purges with their certificates, newest first",
          parameters: inQuery(purgeQuerySchema),
          responses: { 200: answer("The newest.", "PurgeList"), 400: problem("Invalid query."), ...PROTECTED },
        },
      },
      "/api/v1/rehomings": {
        get: {
          summary: "Lists what was filed before its patient or case changed, newest first",
          parameters: inQuery(rehomingQuerySchema),
          responses: { 200: answer("A page.", "RehomingList"), 400: problem("Invalid query."), ...PROTECTED },
        },
      },
      "/healthz": {
        get: { summary: "Lives", security: [], responses: { 200: { description: "The process lives." } } },
      },
      "/readyz": {
        get: {
          summary: "Takes messages",
          security: [],
          responses: { 200: answer("Ready.", "Readiness"), 503: answer("Not ready.", "Readiness") },
        },
      },
      "/metrics": {
        get: {
          summary: "Metrics for Prometheus",
          security: [],
          responses: {
            200: { description: "Text format.", content: { "text/plain": { schema: { type: "string" } } } },
          },
        },
      },
    },
    security: [{ token: [] }],
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: Object.fromEntries(Object.entries(COMPONENTS).map(([name, schema]) => [name, jsonSchema(schema)])),
    },
  };
}

function answer(description: string, component: Component, type = "application/json") {
  return { description, content: { [type]: { schema: { $ref: `#/components/schemas/${component}` } } } };
}

function inPath(name: string) {
  return { name, in: "path", required: true, schema: { type: "string" } };
}

function inQuery(schema: z.ZodType) {
  const { properties } = jsonSchema(schema, "input");
  return Object.entries(properties as Record<string, Json>).map(([name, { description, ...rest }]) => ({
    name,
    in: "query",
    required: false,
    ...(description !== undefined && { description }),
    schema: rest,
  }));
}

/** OpenAPI 3.1 speaks JSON Schema 2020-12, which is what zod writes. */
function jsonSchema(schema: z.ZodType, io: "input" | "output" = "output"): Json {
  const members = Object.entries(z.toJSONSchema(schema, { io }));
  return Object.fromEntries(members.filter(([name]) => name !== "$schema"));
}
