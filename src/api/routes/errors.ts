import { z } from "zod";
import { ERRORS } from "#src/message/error-code.ts";
import { GERMAN_ERRORS } from "#src/wording/errors-de.ts";
import { json, route } from "../route.ts";

const errorListSchema = z.strictObject({
  items: z.array(
    z.strictObject({
      code: z.string(),
      class: z.enum(["transient", "ambiguous", "permanent"]),
      meaning: z.string(),
      remedy: z.string(),
    }),
  ),
});

export const listErrors = route({
  operationId: "listErrors",
  tag: "operation",
  method: "get",
  path: "/api/v1/errors",
  right: "somebody",
  summary: "Lists every error code with its class, its meaning and what to do about it",
  query: z.strictObject({ language: z.enum(["de", "en"]).default("en") }),
  answer: json("ErrorList", errorListSchema, "The closed list."),
  handle: ({ query: { language } }) => ({
    items: Object.entries(ERRORS).map(([code, entry]) => {
      const german = language === "de" ? GERMAN_ERRORS[code as keyof typeof ERRORS] : undefined;
      return { code, class: entry.class, meaning: german?.[0] ?? entry.meaning, remedy: german?.[1] ?? entry.remedy };
    }),
  }),
});
