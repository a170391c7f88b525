import { newApiPart } from "../../web/api.ts";

export const adminApi = newApiPart();
