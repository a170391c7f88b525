import type { SMTPSentMessageInfo, SMTPTransportOptions, Transporter } from "nodemailer";
import type { Config } from "../config.ts";
import { AppError } from "../lib/errors.ts";
import { parseBareAddress, parseMailbox } from "./address.ts";
import { mailFailure } from "./failures.ts";
import type { Mail } from "./mail.ts";

export interface Mailer {
  /** Whether a mail server is configured. */
  readonly isSetUp: boolean;
  /**
   * Resolves once the mail server has taken the mail. Throws `mail_failed` for what may go well another time,
   * and PermanentFailure for a recipient that will never be taken. `signal` gives it up.
   */
  send(mail: Mail, signal?: AbortSignal): Promise<void>;
  /** Gives up what is being sent; nothing is sent any more. */
  close(): void;
}

type Transport = Transporter<SMTPSentMessageInfo, SMTPTransportOptions>;

/** Connects anew for each mail. A server that keeps silent for `patienceMs` is given up. */
export function openMailer({ url, from }: Config["mail"], patienceMs = 20_000): Mailer {
  const closing = new AbortController();
  let transport: Promise<Transport> | undefined;
  return {
    isSetUp: url !== "",
    async send({ to, subject, text, html }, signal) {
      if (url === "") throw notSetUp();
      const message = {
        from: parseMailbox(from),
        // As an object: text would be read as a list, and a comma in it would mail more people.
        to: { name: "", address: parseBareAddress(to) },
        subject,
        text,
        html,
        headers: notForMachines,
      };
      transport ??= openTransport(url, patienceMs);
      const mailer = await transport;
      // Silence is noticed by the transport; a server that drips is not.
      const tooLate = AbortSignal.timeout(3 * patienceMs);
      const givenUp = AbortSignal.any([closing.signal, tooLate, ...(signal ? [signal] : [])]);
      try {
        await mailer.sendMail({ ...message, signal: givenUp });
      } catch (error) {
        throw mailFailure(error, mailer.options.auth);
      }
    },
    close: () => closing.abort(),
  };
}

/** Nobody's holiday message or mailing list should answer these (RFC 3834 §5). */
const notForMachines = { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" };

async function openTransport(url: string, patienceMs: number): Promise<Transport> {
  // With the first mail: the package takes longer to load than a start may cost.
  const { createTransport } = await import("nodemailer");
  try {
    return createTransport(
      {
        url,
        connectionTimeout: patienceMs,
        greetingTimeout: patienceMs,
        socketTimeout: patienceMs,
        dnsTimeout: patienceMs,
        disableFileAccess: true,
        disableUrlAccess: true,
      },
      { xMailer: false },
    );
  } catch {
    // No cause: it would carry the address, and with it the password.
    throw new AppError("mail_failed", "The address of the mail server can't be read.", {
      hint: "Correct [mail] url.",
    });
  }
}

function notSetUp(): AppError {
  return new AppError("mail_failed", "This Homereel can't send mail: no mail server is set up.", {
    hint: "Set [mail] url and [mail] from in the configuration.",
  });
}
