import type { CardEntry, ContactCard } from "#src/message/content.ts";

type Read = Omit<ContactCard, "vcard">;

interface Property {
  readonly name: string;
  readonly types: readonly string[];
  readonly value: string;
}

/** Says how a number is written, or what every number on a phone is; nothing about whose or where. */
const NO_TYPES = new Set([
  "voice",
  "text",
  "msg",
  "pref",
  "internet",
  "x-internet",
  "uri",
  "waid",
  "iphone",
  "cell-phone",
]);

/**
 * What a vCard 2.1, 3.0 or 4.0 says of a person (RFC 2426, RFC 6350): line ends of any kind, folded lines, grouped
 * properties (`item1.TEL`, `item1.X-ABLabel`) and quoted-printable. What it says of nobody (photos, revisions) is left out.
 */
export function readVcard(text: string): Read {
  const properties = propertiesOf(text);
  const first = (name: string) => all(properties, name)[0]?.value;
  const organisation = components(first("ORG") ?? "");
  const facts = {
    organisation: organisation[0],
    department: organisation.slice(1).filter(Boolean).join(", "),
    title: [first("TITLE"), first("ROLE")].filter(Boolean).join(", "),
    birthday: birthdayOf(first("BDAY")),
    note: all(properties, "NOTE")
      .map(({ value }) => unescaped(value))
      .join("\n"),
  };
  const entries = (name: string, read: (value: string) => string = unescaped) =>
    all(properties, name).flatMap(({ value, types }) => entryOf(read(value), types));
  return {
    name: nameOf(first("FN"), first("N")),
    ...Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined && value !== "")),
    phones: entries("TEL", (value) => unescaped(value).replace(/^tel:/i, "")),
    emails: entries("EMAIL", (value) => unescaped(value).replace(/^mailto:/i, "")),
    addresses: entries("ADR", addressLine),
    urls: entries("URL"),
    messengers: entries("IMPP"),
  };
}

function nameOf(formatted: string | undefined, structured: string | undefined): string {
  if (formatted !== undefined && formatted.trim() !== "") return unescaped(formatted);
  const [family = "", given = "", middle = "", prefix = "", suffix = ""] = components(structured ?? "");
  return [prefix, given, middle, family, suffix].filter((part) => part !== "").join(" ");
}

/** Post office box, extended address, street, place, region, code, country. */
function addressLine(value: string): string {
  const [box = "", extended = "", street = "", place = "", region = "", code = "", country = ""] = components(value);
  const parts = [box, extended, street, [code, place].filter((part) => part !== "").join(" "), region, country];
  return parts.filter((part) => part !== "").join(", ");
}

/** "19700203" as "1970-02-03"; anything else as it stands. */
function birthdayOf(value: string | undefined): string | undefined {
  if (value === undefined || value === "") return undefined;
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})(?:T.*)?$/.exec(value) ?? [];
  return year === undefined ? unescaped(value) : `${year}-${month ?? ""}-${day ?? ""}`;
}

function entryOf(value: string, types: readonly string[]): CardEntry[] {
  if (value === "") return [];
  const type = types.filter((one) => !NO_TYPES.has(one.toLowerCase())).join(" ");
  return [type === "" ? value : { value, type }];
}

function all(properties: readonly Property[], name: string): readonly Property[] {
  return properties.filter((property) => property.name === name);
}

function propertiesOf(text: string): Property[] {
  const lines = unfolded(text)
    .map(parsed)
    .filter((line) => line !== undefined);
  const labels = new Map(lines.flatMap(({ group, name, value }) => (name === "X-ABLABEL" ? [[group, value]] : [])));
  return lines.map(({ group, name, types, value }) => {
    // Apple's own labels stand in marks of their own: `_$!<HomePage>!$_`.
    const label = group === "" ? undefined : labels.get(group)?.replace(/^_\$!<(.*)>!\$_$/, "$1");
    return { name, value, types: label === undefined || label === "" ? types : [...types, unescaped(label)] };
  });
}

/** RFC 6350 3.2: a line that begins with a blank continues the one before; quoted-printable continues after a final "=". */
function unfolded(text: string): string[] {
  const lines: string[] = [];
  for (const line of text.split(/\r\n|\r|\n/)) {
    const last = lines.at(-1);
    if (last !== undefined && /^[ \t]/.test(line)) lines[lines.length - 1] = last + line.slice(1);
    else if (last?.endsWith("=") && /quoted-printable/i.test(last)) lines[lines.length - 1] = last.slice(0, -1) + line;
    else lines.push(line);
  }
  return lines;
}

function parsed(line: string) {
  const colon = colonOf(line);
  if (colon < 0) return undefined;
  const [head = "", ...given] = line.slice(0, colon).split(";");
  const [name = "", group = ""] = head.split(".").toReversed();
  const parameters = given.map((one) => one.split("=") as [string, string?]);
  const types = parameters.flatMap(([key, value]) => {
    // vCard 2.1 writes the type alone: `TEL;WORK;FAX:`.
    if (value === undefined) return /^(quoted-printable|base64)$/i.test(key) ? [] : [key];
    return key.toUpperCase() === "TYPE" ? value.replaceAll('"', "").split(",") : [];
  });
  const quoted = parameters.some(([key, value]) => /^quoted-printable$/i.test(value ?? key));
  const raw = line.slice(colon + 1).trim();
  return { group, name: name.toUpperCase(), types, value: quoted ? fromQuotedPrintable(raw) : raw };
}

/** The colon behind the parameters; one in a quoted parameter is none. */
function colonOf(line: string): number {
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    if (line[at] === '"') quoted = !quoted;
    else if (line[at] === ":" && !quoted) return at;
  }
  return -1;
}

function fromQuotedPrintable(text: string): string {
  const bytes = Buffer.from(
    Buffer.from(text, "utf8")
      .toString("latin1")
      .replace(/=([0-9A-Fa-f]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
  return bytes.toString("utf8");
}

/** The parts of a structured value; a semicolon behind a backslash is text. */
function components(value: string): string[] {
  return value.split(/(?<!\\);/).map((part) => unescaped(part).trim());
}

/** RFC 6350 3.4. */
function unescaped(value: string): string {
  return value.replace(/\\([\\,;:nN])/g, (_all, char: string) => (char === "n" || char === "N" ? "\n" : char));
}
