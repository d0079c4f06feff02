import { ERRORS, type FailureClass } from "./error-code.ts";

const CLASSES: Readonly<Record<FailureClass, string>> = {
  transient: "Nothing happened. It is tried again by itself.",
  ambiguous: "It may have happened. The identical bytes are sent again under the same id.",
  permanent: "Repeating cannot help. A person must act.",
};

/** docs/errors.md: every error code with its meaning and what to do, by class. Written by `botenstoff generate`. */
export function renderErrorReference(): string {
  const sections = Object.entries(CLASSES).map(([failure, meaning]) => {
    const rows = Object.entries(ERRORS)
      .filter(([, entry]) => entry.class === failure)
      .map(([code, entry]) => `### \`${code}\`\n\n${entry.meaning}\n\nDo: ${entry.remedy}\n`);
    return `## ${failure}\n\n${meaning}\n\n${rows.join("\n")}`;
  });
  return `# Errors

Every error of the engine has one of these codes: in \`last_error\`, in logs, in problem details
(\`urn:botenstoff:error:<code>\`) and on the command line. The list is closed; this page is written from it by
\`botenstoff generate\`, and a test fails while it is stale.

${sections.join("\n")}`;
}
