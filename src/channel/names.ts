/** What mappings and destinations may be called; never a path. */
export const NAME = /^[a-z][a-z0-9-]*$/;
