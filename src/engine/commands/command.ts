/** One command of the command line. */
export interface Command {
  /** One or more words: "lint", "access token create". */
  readonly name: string;
  readonly summary: string;
  readonly details: string;
  /** What may follow without a dash; absent: nothing. */
  readonly words?: Words;
  /** Flags without a value, and what they mean. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Options with a value, and what they mean. */
  readonly options?: Readonly<Record<string, string>>;
  /** Resolves with the exit code. */
  run(given: Given): Promise<number>;
}

interface Words {
  /** As the help names it: "file". */
  readonly name: string;
  readonly least: number;
  readonly most: number;
}

/** What somebody typed after the command's name. */
export interface Given {
  readonly words: readonly string[];
  readonly flags: ReadonlySet<string>;
  readonly options: Readonly<Record<string, string>>;
}

/** Prints one line on stdout. */
export const write = (line: string): void => void process.stdout.write(`${line}\n`);

/** The flag every command has that prints something to be read by programs. */
export const JSON_FLAG = { json: "print JSON, for programs" } as const;
