import { GRAVE, MATRIX, RIGHTS, ROLES, type Right, type Role } from "./rights.ts";

const BEGIN = "<!-- matrix: written by `botenstoff generate` -->";
const END = "<!-- end of matrix -->";

/** A page with the table of roles and rights between its two marks written anew, laid out as prettier would. */
export function withMatrix(page: string): string {
  const [before, rest = ""] = page.split(BEGIN);
  const [, after = ""] = rest.split(END);
  const roles = Object.keys(ROLES) as Role[];
  const rights = Object.keys(RIGHTS) as Right[];
  const width = Math.max(...rights.map((right) => right.length)) + 2;
  const line = (first: string, cells: readonly string[]) =>
    `| ${first.padEnd(width)} | ${cells.map((cell, index) => cell.padEnd(roles[index]?.length ?? 0)).join(" | ")} |`;
  const table = [
    line("right", roles),
    line(
      "-".repeat(width),
      roles.map((role) => "-".repeat(role.length)),
    ),
    ...rights.map((right) =>
      line(
        `\`${right}\``,
        roles.map((role) => (MATRIX[role].includes(right) ? "✓" : "")),
      ),
    ),
  ].join("\n");
  const grave = (right: Right) => (GRAVE.includes(right) ? " Asks a person for a fresh proof of identity." : "");
  const meanings = Object.fromEntries(rights.map((right) => [right, `${RIGHTS[right]}${grave(right)}`]));
  const list = (entries: Readonly<Record<string, string>>) =>
    Object.entries(entries)
      .map(([name, meaning]) => `- \`${name}\`: ${meaning}`)
      .join("\n");
  return `${before}${BEGIN}\n\n${list(ROLES)}\n\n${table}\n\n${list(meanings)}\n\n${END}${after}`;
}
