import { newApiPart } from "../../web/api.ts";

export const joinApi = newApiPart();
