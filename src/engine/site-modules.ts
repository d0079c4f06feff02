import { registerHooks } from "node:module";

/** The engine's own folder. */
const ENGINE = new URL("../../", import.meta.url).href;

/**
 * A hospital's own mappings lie in a folder of its own, where Node finds neither `#src/…` nor the engine's packages: what
 * modules there name is looked for from here.
 */
export function resolveForSites(): void {
  registerHooks({
    resolve: (specifier, context, next) => {
      const own = context.parentURL?.startsWith(ENGINE) ?? true;
      const named = !/^(?:[./]|node:|file:|data:)/.test(specifier);
      return next(specifier, own || !named ? context : { ...context, parentURL: import.meta.url });
    },
  });
}
