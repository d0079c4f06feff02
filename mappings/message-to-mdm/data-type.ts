import type { Component, Slot } from "#src/hl7/message.ts";
import type { Hl7Profile } from "#src/hl7/profile.ts";
import { endingOf } from "#src/message/file-name.ts";
import { ENDINGS } from "./endings.ts";

/** ED-3 and RP-4 hold 18 characters; what is longer is the table's own "Octet-stream" (HL7 v2.5.1, table 0291). */
const LONGEST_SUBTYPE = 18;

/**
 * ED: source application, type of data, subtype, encoding, data. International: tables 0191 and 0291. MIME: media type
 * and subtype, as many receivers read. German: the MIME type in the second component, the third is forbidden
 * (wiki.hl7.de, V25dt:ED).
 */
export function encapsulated(mimeType: string, data: Slot, form: Hl7Profile["encapsulated"]): Component[] {
  return ["", ...typeAndSubtype(mimeType, form), "Base64", data];
}

/** RP: pointer, application, type of data, subtype. */
export function pointer(url: string, application: string, mimeType: string, form: Hl7Profile["encapsulated"]) {
  return [url, application, ...typeAndSubtype(mimeType, form)];
}

/** TXA-3, table 0191. */
export function presentationOf(mimeType: string): string {
  const [type] = split(mimeType);
  return { image: "IM", audio: "AU", text: "TX" }[type] ?? "AP";
}

/** What a file of this type is called on a Windows share; of a type nobody knows, what its sender called it. */
export function extensionOf(mimeType: string, fileName = ""): string {
  const [, subtype] = split(mimeType);
  const known = ENDINGS[split(mimeType).join("/")];
  if (known !== undefined) return known;
  const short = subtype.replace(/^x-/, "");
  if (/^[a-z0-9]{1,5}$/.test(short)) return short;
  return endingOf(fileName) ?? "bin";
}

function typeAndSubtype(mimeType: string, form: Hl7Profile["encapsulated"]): [string, string] {
  const [type, subtype] = split(mimeType);
  switch (form) {
    case "german":
      return [mimeType, ""];
    case "mime":
      return [type, subtype];
    case "international":
      return [presentationOf(mimeType), subtypeOf(mimeType, subtype)];
  }
}

/** "MSWORD", "CSV"; where the registered name is too long for the field, the usual ending: "DOCX". */
function subtypeOf(mimeType: string, subtype: string): string {
  if (subtype === "octet-stream") return "Octet-stream";
  if (subtype.length <= LONGEST_SUBTYPE) return subtype.toUpperCase();
  const ending = ENDINGS[split(mimeType).join("/")];
  return ending === undefined ? "Octet-stream" : ending.toUpperCase();
}

function split(mimeType: string): [string, string] {
  const [type = "", subtype = ""] = mimeType.toLowerCase().split(";")[0]?.trim().split("/") ?? [];
  return [type, subtype];
}
