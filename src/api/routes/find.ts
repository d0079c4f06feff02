import { getCountries } from "libphonenumber-js";
import { z } from "zod";
import { channelsOf, may } from "#src/audit/principal.ts";
import { caseWith, patientsWith, type SoughtCase } from "#src/identity/find.ts";
import { valueKey } from "#src/identity/keys.ts";
import { phoneKey } from "#src/identity/phone.ts";
import { phoneDigits } from "#src/message/comparable-phone.ts";
import { phoneNumbersIn } from "#src/message/phone-number.ts";
import { currentAddress, place } from "#src/store/sealed/message.ts";
import type { Found } from "#src/store/sql/list-messages.ts";
import { routedContexts, type MessageSummary } from "#src/store/sql/messages.ts";
import { openAt } from "#src/store/sealed/place.ts";
import { browse, read, type Meant, type Reading } from "../browse.ts";
import { messageListSchema, messageQuerySchema, type MessageQuery } from "../message-schema.ts";
import { forbidden } from "../problem.ts";
import { json, route, type RouteContext } from "../route.ts";

// Finding by what is personal: in the body, so that no address, no log and no history of a browser holds it.

const number = z.string().trim().min(1).max(100);

const findSchema = messageQuerySchema
  .extend({
    patient_number: number.optional().describe("A number of the patient's, as the KIS prints it; former ones too."),
    case_number: number.optional().describe("The number of a case, former ones too: what was filed to it."),
    phone: z.string().max(50).optional().describe("Who wrote: a number, however it is written."),
    country: z.enum(getCountries()).default("DE").describe("Where `phone` belongs if it has no country code."),
  })
  .transform(({ country, phone, ...rest }, context) => {
    const digits = phone === undefined ? undefined : (phoneNumbersIn(phone, country)[0] ?? phoneDigits(phone));
    if (phone === undefined || digits !== undefined) return { ...rest, phone: digits };
    context.addIssue({ code: "custom", message: "Not a phone number", path: ["phone"] });
    return z.NEVER;
  });

type Search = z.output<typeof findSchema>;

const PERSONAL = ["patient_number", "case_number", "phone"] as const;

export const findMessages = route({
  operationId: "findMessages",
  tag: "messages",
  method: "post",
  path: "/api/v1/messages/find",
  right: "messages.read",
  summary: "Finds messages by everything the list knows, and by patient number, case and phone number",
  details:
    "Any combination, newest first. `patient_number`, `case_number` and `phone` take the right `messages.find`; the journal " +
    "keeps that somebody searched, with keyed hashes in place of what was searched for.",
  body: findSchema,
  answer: json("MessageList", messageListSchema, "A page."),
  handle: ({ body }, context) => find(context, body),
});

async function find(context: RouteContext, { patient_number, case_number, phone, ...query }: Search) {
  const personal = { patient_number, case_number, phone };
  if (PERSONAL.every((name) => personal[name] === undefined)) return browse(context, query);
  const { deps, principal } = context;
  if (!may(principal, "messages.find")) throw forbidden;
  const there = { ...context, channels: both(context.channels, channelsOf(principal, "messages.find")) };
  const { meant, sought } = await meaningOf(context, personal);
  const plain = read(there, query, meant);
  const found = await browse(there, query, sought ? narrowed(there, query, meant, sought) : plain);
  const detail = { ...hashesOf(context, personal), found: found.items.length };
  await deps.store.transaction((db) =>
    context.journal({ action: "messages.searched", subject: "messages", detail }, db),
  );
  return found;
}

type Personal = Pick<Search, (typeof PERSONAL)[number]>;

async function meaningOf({ deps }: RouteContext, personal: Personal): Promise<{ meant: Meant; sought?: SoughtCase }> {
  const { patient_number: patient, case_number: wanted, phone } = personal;
  const sought = wanted === undefined ? undefined : await caseWith(deps, wanted);
  const patients = patient === undefined ? undefined : await patientsWith(deps, patient);
  const patientBis =
    sought && patients
      ? patients.filter((one) => sought.patients.some((other) => other.equals(one)))
      : (patients ?? sought?.patients);
  return {
    meant: {
      ...(patientBis && { patientBis }),
      ...(phone !== undefined && { contactBi: phoneKey(deps.blindIndex, phone) }),
    },
    ...(sought && { sought }),
  };
}

/** So many of a patient's messages are opened by one request: tens of milliseconds. */
const OPENED = 500;

/** The case of a message is sealed with it: of its patient's messages those are opened, newest first, that might be meant. */
function narrowed(context: RouteContext, query: MessageQuery, meant: Meant, sought: SoughtCase): Reading {
  return async (limit): Promise<Found> => {
    const { rows, searchedTo } = await read(context, query, meant)(OPENED + 1);
    const opened = rows.slice(0, OPENED);
    const held = await filedTo(context, opened, sought);
    const further = rows.length > OPENED ? (opened.at(-1)?.seq ?? null) : searchedTo;
    return { rows: held.slice(0, limit), searchedTo: further };
  };
}

async function filedTo({ deps }: RouteContext, rows: readonly MessageSummary[], sought: SoughtCase) {
  const contexts = await routedContexts(
    deps.store,
    rows.map(({ id }) => id),
  );
  return rows.filter(({ id }) => {
    const row = contexts.get(id);
    if (!row) return false;
    const frozen = openAt(deps.sealer, place.message(row.epoch, id, "routed"), row.routed);
    return sought.holds(currentAddress(frozen).subject);
  });
}

function hashesOf({ deps: { blindIndex } }: RouteContext, personal: Personal): Record<string, string> {
  const hashed = PERSONAL.flatMap((name) => {
    const value = personal[name];
    if (value === undefined) return [];
    const hash = name === "phone" ? phoneKey(blindIndex, value) : valueKey(blindIndex, value);
    return [[name, hash.toString("hex")] as const];
  });
  return Object.fromEntries(hashed);
}

/** The channels of both; undefined: all. */
function both(one: readonly string[] | undefined, other: readonly string[] | undefined): readonly string[] | undefined {
  return one && other ? one.filter((id) => other.includes(id)) : (one ?? other);
}
