import type { CountryCode } from "libphonenumber-js";
import { instantOf } from "#src/hl7/instant.ts";
import { CASE_STATES } from "#src/message/case-rule.ts";
import type { CaseUpdate, DirectoryUpdate } from "#src/message/directory.ts";
import { phoneNumbersIn } from "#src/message/phone-number.ts";
import { decodeText, readCsv, type CsvRecord, type Encoding } from "./csv.ts";

/** What is wrong in a file of patients, or was not used of it. Values are never repeated: they are personal. */
export interface ImportProblem {
  readonly line: number;
  /** The column as the file names it; absent: the whole line. */
  readonly column?: string;
  readonly reason: string;
  /** `error`: the line is not taken. `remark`: it is, without this. */
  readonly level: "error" | "remark";
}

/** A file of patients as read. */
export interface ImportFile {
  readonly encoding: Encoding;
  readonly lines: number;
  readonly updates: readonly { readonly line: number; readonly update: DirectoryUpdate }[];
  readonly problems: readonly ImportProblem[];
}

export interface ImportRules {
  readonly country: CountryCode;
  /** Assigning authority where a line names none. */
  readonly authority: string;
  /** Zone of times without an offset. */
  readonly timeZone: string;
  /** When what the file says was so, ISO 8601: what a feed said later than that counts. */
  readonly asOf: string;
}

/** Columns by every name they may have. */
const COLUMNS = {
  patient_number: ["patient_number", "patientennummer", "pid", "patient_id"],
  authority: ["authority", "system", "aussteller"],
  family_name: ["family_name", "nachname", "name"],
  given_name: ["given_name", "vorname"],
  birth_date: ["birth_date", "geburtsdatum"],
  sex: ["sex", "gender", "geschlecht"],
  phone: ["phone", "telefon", "phone_2", "telefon_2", "mobile", "mobil", "handy"],
  case_number: ["case_number", "fallnummer", "fall"],
  case_state: ["case_state", "fallstatus"],
  case_class: ["case_class", "fallart"],
  ward: ["ward", "station"],
  admitted: ["admitted", "aufnahme"],
  discharged: ["discharged", "entlassung"],
} as const;

type Column = keyof typeof COLUMNS;

const SEXES: Readonly<Record<string, string>> = { m: "M", f: "F", w: "F", d: "O", o: "O", u: "U", x: "U" };

/** Reads a file of patients (CSV): its head names the columns; a line is a patient, with a case where it names one. */
export function readImport(bytes: Uint8Array, rules: ImportRules): ImportFile {
  const { text, encoding } = decodeText(bytes);
  const [head, ...records] = readCsv(text);
  const named = head?.fields.map((name) => columnOf(name)) ?? [];
  const problems: ImportProblem[] = [];
  if (!head || !named.includes("patient_number")) {
    problems.push({
      line: 1,
      level: "error",
      reason: "The first line names no column patient_number (or Patientennummer)",
    });
    return { encoding, lines: records.length, updates: [], problems };
  }
  head.fields.forEach((name, at) => {
    if (named[at] === undefined)
      problems.push({ line: 1, column: name.trim(), level: "remark", reason: "Not a column this import knows" });
  });
  const birthDates = new Map<string, string | undefined>();
  const updates = records.flatMap((record, nth) => {
    const line = new Line(record, head.fields, named, problems);
    const update = line.update(rules, nth);
    if (!update) return [];
    const key = JSON.stringify(update.patient.identifiers);
    const birthDate = update.patient.birthDate ?? undefined;
    if (birthDates.has(key) && birthDates.get(key) !== birthDate) {
      line.wrong("patient_number", "Another line has this number with another birth date");
      return [];
    }
    birthDates.set(key, birthDate);
    return [{ line: record.line, update }];
  });
  return { encoding, lines: records.length, updates, problems };
}

function columnOf(name: string): Column | undefined {
  const plain = name
    .replace(/^\uFEFF/, "")
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, "_");
  return (Object.keys(COLUMNS) as Column[]).find((column) => (COLUMNS[column] as readonly string[]).includes(plain));
}

/** One line, and what is wrong in it. */
class Line {
  readonly #record: CsvRecord;
  readonly #names: readonly string[];
  readonly #columns: readonly (Column | undefined)[];
  readonly #problems: ImportProblem[];
  #broken = false;

  constructor(
    record: CsvRecord,
    names: readonly string[],
    columns: readonly (Column | undefined)[],
    problems: ImportProblem[],
  ) {
    this.#record = record;
    this.#names = names;
    this.#columns = columns;
    this.#problems = problems;
  }

  /** Undefined where the line cannot be taken. */
  update({ country, authority, timeZone, asOf }: ImportRules, nth: number): DirectoryUpdate | undefined {
    const { line, fields } = this.#record;
    if (fields.length > this.#names.length) {
      this.#problems.push({
        line,
        level: "error",
        reason: `${fields.length} fields, but the first line names ${this.#names.length}`,
      });
      return undefined;
    }
    const value = this.#text("patient_number");
    if (value === "") this.wrong("patient_number", "Empty");
    const issuer = this.#text("authority") || authority;
    const told = (column: Column) => this.#text(column) || undefined;
    const [familyName, givenName] = [told("family_name"), told("given_name")];
    const birthDate = this.#date("birth_date");
    const sex = this.#sex();
    const phones = this.#phones(country);
    const encounter = this.#case(issuer, timeZone);
    if (this.#broken) return undefined;
    return {
      stamp: `${asOf}|${asOf}|import ${String(nth).padStart(7, "0")}`,
      existence: "exists",
      patient: {
        identifiers: [{ value, authority: issuer, type: "PI" }],
        ...(familyName !== undefined && { familyName }),
        ...(givenName !== undefined && { givenName }),
        ...(birthDate !== undefined && { birthDate }),
        ...(sex !== undefined && { sex }),
        ...(phones && { phones: { "PID-13": phones } }),
      },
      ...(encounter && { case: encounter }),
    };
  }

  wrong(column: Column, reason: string, level: ImportProblem["level"] = "error"): void {
    const name = this.#names[this.#columns.indexOf(column)] ?? column;
    this.#problems.push({ line: this.#record.line, column: name.trim(), reason, level });
    this.#broken ||= level === "error";
  }

  #texts(column: Column): string[] {
    return this.#columns.flatMap((one, at) => (one === column ? [(this.#record.fields[at] ?? "").trim()] : []));
  }

  #text(column: Column): string {
    return this.#texts(column).find((text) => text !== "") ?? "";
  }

  /** "1964-08-12" or "12.08.1964", and the time that may follow; the digits only. */
  #digits(column: Column): string | undefined {
    const text = this.#text(column);
    if (text === "") return undefined;
    const [, day = "", month = "", year, time = ""] = /^(\d{1,2})\.(\d{1,2})\.(\d{4})(.*)$/.exec(text) ?? [];
    const iso = /^(\d{4}-\d{2}-\d{2})(.*)$/.exec(text);
    const date = year === undefined ? iso?.[1] : [year, month.padStart(2, "0"), day.padStart(2, "0")].join("-");
    const [, hour = "", minute = ""] = /^[T ]*(?:(\d{2}):(\d{2}))?(?::\d{2})?$/.exec(
      year === undefined ? (iso?.[2] ?? "?") : time,
    ) ?? ["", "?"];
    if (date !== undefined && exists(date) && hour !== "?") return date.replaceAll("-", "") + hour + minute;
    this.wrong(column, "Not a date such as 1964-08-12 or 12.08.1964");
    return undefined;
  }

  #date(column: Column): string | undefined {
    return this.#digits(column)?.replace(/^(\d{4})(\d\d)(\d\d).*$/, "$1-$2-$3");
  }

  #instant(column: Column, timeZone: string): string | undefined {
    const digits = this.#digits(column);
    return digits === undefined ? undefined : instantOf(digits, timeZone);
  }

  #sex(): string | undefined {
    const text = this.#text("sex").toLowerCase();
    if (text === "") return undefined;
    const sex = SEXES[text.charAt(0)];
    if (sex === undefined) this.wrong("sex", "Not one of M, F (W), O (D), U");
    return sex;
  }

  /** Undefined where the file has no such column: it says nothing then; an empty field says that there is none. */
  #phones(country: CountryCode): string[] | undefined {
    const texts = this.#texts("phone");
    if (texts.length === 0) return undefined;
    const found = texts.map((text) => phoneNumbersIn(text, country));
    texts.forEach((text, at) => {
      if (text !== "" && found[at]?.length === 0)
        this.wrong("phone", "Not used: no complete number, or somebody else's", "remark");
    });
    return [...new Set(found.flat())];
  }

  #case(authority: string, timeZone: string): CaseUpdate | undefined {
    const number = this.#text("case_number");
    if (number === "") return undefined;
    const state = this.#text("case_state").toLowerCase() || "open";
    const is = CASE_STATES.find((one) => one === state);
    if (!is) this.wrong("case_state", `Not one of ${CASE_STATES.join(", ")}`);
    const [kind, ward] = [this.#text("case_class"), this.#text("ward")];
    const [admittedAt, dischargedAt] = [this.#instant("admitted", timeZone), this.#instant("discharged", timeZone)];
    return {
      number: { value: number, authority, type: "VN" },
      ...(is && { state: { is, certain: true } }),
      ...(kind !== "" && { class: kind }),
      ...(ward !== "" && { location: ward.replaceAll("^", " ") }),
      ...(admittedAt !== undefined && { admittedAt }),
      ...(dischargedAt !== undefined && { dischargedAt }),
    };
  }
}

/** Not the 31st of February. */
function exists(date: string): boolean {
  const day = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date);
}
