import { z } from "zod";

/** The parameters of an address that names a message. */
export const messageParams = z.strictObject({ id: z.uuid() });
