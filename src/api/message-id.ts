import { z } from "zod";

/** The parameters of an address that names a message. */
export const messageParams = z.strictObject({ id: z.uuid() });

/** The parameters of an address that names what one destination gets of a message. */
export const deliveryParams = z.strictObject({
  id: z.uuid(),
  destination: z.string().min(1).max(63).describe("Id of the destination."),
});
