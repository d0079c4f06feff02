import type { Component, Slot } from "#src/hl7/message.ts";
import { endingOf } from "#src/message/file-name.ts";
import { ENDINGS } from "./endings.ts";
import { versionOf, type MdmParams } from "./params.ts";

/** ED-3 and RP-4 hold 18 characters; what is longer is the table's own "Octet-stream" (HL7 v2.5.1, table 0291). */
const LONGEST_SUBTYPE = 18;

/** HL7 table 0291 as it is until 2.6, by the MIME types that have a name there. */
const TABLE_0291: Readonly<Record<string, string>> = {
  "application/dicom": "DICOM",
  "application/postscript": "PostScript",
  "application/rtf": "RTF",
  "application/xml": "XML",
  "audio/basic": "BASIC",
  "image/g3fax": "FAX",
  "image/gif": "GIF",
  "image/jpeg": "JPEG",
  "image/x-pict": "PICT",
  "image/tiff": "TIFF",
  "text/html": "HTML",
  "text/rtf": "RTF",
  "text/sgml": "SGML",
  "text/xml": "XML",
};

/** Until here tables 0191 and 0291 say what ED and RP carry; from 2.7 on it is table 0834 and the MIME subtype. */
const TABLES_UNTIL = 2.6;

/**
 * ED: source application, type of data, subtype, encoding, data. International: tables 0191 and 0291, with the names in
 * common use of what 0291 lacks; by the tables alone where the profile wants that. MIME: media type and subtype, as many
 * receivers read. German: the MIME type in the second component, the third is forbidden (wiki.hl7.de, V25dt:ED).
 */
export function encapsulated(mimeType: string, data: Slot, params: MdmParams): Component[] {
  return ["", ...typeAndSubtype(mimeType, params), "Base64", data];
}

/** RP: pointer, application, type of data, subtype. */
export function pointer(url: string, mimeType: string, params: MdmParams) {
  return [url, params.sending_application, ...typeAndSubtype(mimeType, params)];
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

function typeAndSubtype(mimeType: string, params: MdmParams): [string, string] {
  const { encapsulated: form } = params.profile;
  const [type, subtype] = split(mimeType);
  if (form === "german") return [mimeType, ""];
  if (form === "mime" || versionOf(params) > TABLES_UNTIL) return [type, subtype];
  const listed = TABLE_0291[`${type}/${subtype}`] ?? "Octet-stream";
  return [presentationOf(mimeType), form === "tables" ? listed : subtypeOf(mimeType, subtype)];
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
