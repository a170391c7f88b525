/**
 * What a client means that can send no other method than POST (tus.io/protocols/resumable-upload,
 * "X-HTTP-Method-Override"). Of a POST alone: a GET passes the check of its origin that others don't.
 */
export function overriddenMethod({ method, headers }: Request): string {
  return (method === "POST" && headers.get("x-http-method-override")?.trim().toUpperCase()) || method;
}
