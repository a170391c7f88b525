import type { NodemailerError, SMTPTransportOptions } from "nodemailer";
import { AppError } from "../lib/errors.ts";
import { cleanText } from "../lib/text.ts";
import { PermanentFailure } from "../queue/job.ts";

/**
 * What nodemailer threw, as a failure that says what to do; the server's own words are its cause. What is no
 * failure of the server, or of the way to it, is a bug and comes back as it is.
 */
export function mailFailure(error: unknown, auth: SMTPTransportOptions["auth"]): unknown {
  if (!(error instanceof Error)) return error;
  const failed: NodemailerError = error;
  const words = wordsOf(failed, auth);
  if (failed.command === "RCPT TO" && failed.permanent) {
    return new PermanentFailure(`The mail server refuses the recipient: ${words}`);
  }
  const reason = reasonOf(failed);
  if (reason === null) return error;
  const { message, hint } = reasons[reason];
  return new AppError("mail_failed", message, { hint, cause: new Error(words) });
}

/** Without the password: some servers repeat what they didn't understand, and causes are logged. */
function wordsOf({ message }: Error, auth: SMTPTransportOptions["auth"]): string {
  const { user = "", pass = "" } = auth ?? {};
  const secrets = [pass, toBase64(pass), toBase64(`\0${user}\0${pass}`)];
  const repeated = pass !== "" && secrets.some((secret) => message.includes(secret));
  return repeated ? "its answer is left out, for it repeats the password" : cleanText(message, 300);
}

function reasonOf({ code, command, originalCode, responseCode }: NodemailerError): Reason | null {
  if (code === "EAUTH" || responseCode === 530) return "login";
  if (code === "EENVELOPE" && command === "MAIL FROM") return "sender";
  if (code === "ESOCKET" && /CERT|SSL|TLS|VERIFY/.test(originalCode ?? "")) return "insecure";
  return reasonsByCode[code ?? ""] ?? null;
}

type Reason = keyof typeof reasons;

const reasonsByCode: Record<string, Reason> = {
  ECONNECTION: "unreachable",
  EDNS: "unreachable",
  EPROTOCOL: "unreachable",
  ESOCKET: "unreachable",
  ETIMEDOUT: "unreachable",
  ETLS: "insecure",
  EENVELOPE: "notTaken",
  EMESSAGE: "notTaken",
  EABORT: "givenUp",
};

const reasons = {
  unreachable: {
    message: "The mail server can't be reached.",
    hint: "Check that it runs, and the host and port in [mail] url.",
  },
  insecure: {
    message: "There is no safe connection to the mail server.",
    hint: "Its certificate must be valid for the host in [mail] url. smtps:// is TLS from the start, smtp:// is STARTTLS where it is offered.",
  },
  login: {
    message: "The mail server refuses our name or password.",
    hint: "Check both in [mail] url. Signs such as @ : / % are written %40 %3A %2F %25 in them.",
  },
  sender: { message: "The mail server refuses our sender address.", hint: "Check [mail] from." },
  notTaken: { message: "The mail server did not take the mail.", hint: "Try again later." },
  givenUp: { message: "The mail server took too long, or we were stopped.", hint: "Try again in a moment." },
};

function toBase64(text: string): string {
  return Buffer.from(text).toString("base64");
}
