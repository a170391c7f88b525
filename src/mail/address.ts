import { PermanentFailure } from "../queue/job.ts";

const atom = "[\\w!#$%&'*+/=?^`{|}~-]+";
const label = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";
const bare = new RegExp(`^${atom}(?:\\.${atom})*@${label}(?:\\.${label})*$`, "i");

/**
 * One address and nothing else: dot-atoms of ASCII (RFC 5322 §3.4.1) in the lengths of RFC 5321 §4.5.3.1. Quoted
 * local parts are allowed by the RFC and refused here: what stands between the quotes is read differently by
 * different programs. Throws PermanentFailure.
 */
export function parseBareAddress(text: string): string {
  const local = text.lastIndexOf("@");
  if (local > 64 || text.length > 254 || !bare.test(text)) {
    throw new PermanentFailure("The recipient is not one plain mail address.");
  }
  return text;
}

/** "Name <address>" or a bare address, as the configuration has checked it. */
export function parseMailbox(text: string): { name: string; address: string } {
  const parts = /^(.+) <(.+)>$/.exec(text);
  const name = parts?.[1]?.trim().replace(/^"(.*)"$/, "$1");
  return { name: name ?? "", address: parts?.[2] ?? text };
}
