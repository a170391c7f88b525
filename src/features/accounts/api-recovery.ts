import { newApiPart } from "../../web/api.ts";

export const recoveryApi = newApiPart();
