import { hrefOf, place, change } from "../router.ts";
import { localTime } from "../time.ts";
import { words } from "../words/index.ts";

export interface FilterField {
  readonly name: string;
  readonly label: string;
  /** A closed list; absent: typed. */
  readonly options?: readonly string[];
  /** What the options are called. */
  readonly told?: Readonly<Record<string, string>>;
  readonly type?: "datetime-local";
}

/** The filter is the address: reloaded, shared or gone back to, it is the same. */
export function Filters({ fields }: { readonly fields: readonly FilterField[] }) {
  const { query, path } = place.value;
  const { field, apply, clear, filter, state, reason } = words.value;
  const known: Readonly<Record<string, Readonly<Record<string, string>>>> = { state, reason };
  const active = fields.some(({ name }) => query.has(name));
  return (
    <form
      key={fields.map(({ name }) => query.get(name)).join("\n")}
      class="tools"
      role="search"
      aria-label={filter}
      onSubmit={(event) => {
        event.preventDefault();
        const given = new FormData(event.currentTarget);
        const wanted = fields.map(({ name, type }) => {
          const value = (given.get(name) as string).trim();
          return [name, type && value !== "" ? new Date(value).toISOString() : value || undefined] as const;
        });
        change({ ...Object.fromEntries(wanted), after: undefined, sel: undefined });
      }}
    >
      {fields.map(({ name, label, options, told, type }, index) => {
        const value = query.get(name) ?? "";
        const first = index === 0 ? { "data-search": true } : {};
        return (
          <label key={name}>
            {label}
            {options ? (
              <select name={name} {...first} onChange={(event) => event.currentTarget.form?.requestSubmit()}>
                <option value="">{field.any}</option>
                {[...new Set([...options, ...(value === "" ? [] : [value])])].map((option) => (
                  <option key={option} value={option} selected={option === value}>
                    {(told ?? known[name])?.[option] ?? option}
                  </option>
                ))}
              </select>
            ) : (
              <Typed name={name} value={value} timed={type !== undefined} search={index === 0} />
            )}
          </label>
        );
      })}
      <button>{apply}</button>
      {active && (
        <a href={hrefOf(path)} class="drop">
          {clear}
        </a>
      )}
    </form>
  );
}

function Typed({
  name,
  value,
  timed,
  search,
}: {
  readonly name: string;
  readonly value: string;
  readonly timed: boolean;
  readonly search: boolean;
}) {
  if (timed)
    return <input name={name} type="datetime-local" defaultValue={value === "" ? "" : localTime(new Date(value))} />;
  return (
    <input
      name={name}
      autocomplete="off"
      spellcheck={false}
      defaultValue={value}
      {...(search && { "data-search": true })}
    />
  );
}
