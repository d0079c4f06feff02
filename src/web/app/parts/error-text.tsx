import { toldOf, useErrorTexts } from "../errors.ts";

/** A stored error ("CODE: what was being done"): what it means and what to do, then the code and the rest. */
export function ErrorText({ of }: { readonly of: string }) {
  useErrorTexts();
  const [code = "", ...rest] = of.split(":");
  const told = toldOf(code);
  const detail = rest.join(":").trim();
  return (
    <>
      {told && (
        <>
          {told.meaning} {told.remedy}{" "}
        </>
      )}
      <span class="muted">
        <span class="id">{code}</span> {detail}
      </span>
    </>
  );
}
