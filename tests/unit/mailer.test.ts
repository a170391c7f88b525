import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/lib/errors.ts";
import { mailFailure } from "../../src/mail/failures.ts";
import type { Mail } from "../../src/mail/mail.ts";
import { openMailer } from "../../src/mail/mailer.ts";
import { PermanentFailure } from "../../src/queue/job.ts";
import { startSmtp } from "../fixtures/smtp.ts";
import type { Smtp, SmtpOptions } from "../fixtures/smtp.ts";

const from = "Our shelf <shelf@example.org>";
const mail: Mail = { to: "ada@example.org", subject: "Hi", text: "Hello.\n", html: "<p>Hello.</p>" };

describe("a mail that is taken", () => {
  test("comes to its one recipient, as text and as HTML", () =>
    withSmtp({}, async (smtp) => {
      await openMailer({ url: smtp.url, from }).send({ ...mail, subject: "Grüße aus der Ferne, 日本" });
      expect(await smtp.next()).toMatchObject({
        from: "shelf@example.org",
        to: ["ada@example.org"],
        subject: "Grüße aus der Ferne, 日本",
        text: mail.text,
        html: mail.html,
      });
    }));

  test("asks machines not to answer, and does not say what sent it", () =>
    withSmtp({}, async (smtp) => {
      await openMailer({ url: smtp.url, from }).send(mail);
      const { header } = await smtp.next();
      expect(header("To")).toBe("ada@example.org");
      expect(header("Auto-Submitted")).toBe("auto-generated");
      expect(header("X-Mailer")).toBe("");
    }));

  test("logs in with what stands percent-encoded in the address", () =>
    withSmtp({ auth: { user: "post@home.example", pass: "p@:/ %41#ß" } }, async (smtp) => {
      await openMailer({ url: smtp.url, from }).send(mail);
      expect(smtp.messages).toHaveLength(1);
    }));

  test("goes over TLS where the server offers it", () =>
    withSmtp({ tls: true }, async (smtp) => {
      await openMailer({ url: `${smtp.url}?tls.rejectUnauthorized=false`, from }).send(mail);
      expect(await smtp.next()).toMatchObject({ secure: true });
    }));

  test.each([
    ["shelf@example.org", "shelf@example.org"],
    ["Our shelf <shelf@example.org>", "Our shelf <shelf@example.org>"],
    ['"Our shelf" <shelf@example.org>', "Our shelf <shelf@example.org>"],
    ["Ada's shelf: (home) <shelf@example.org>", `"Ada's shelf: (home)" <shelf@example.org>`],
    ["Größe <shelf@example.org>", "Größe <shelf@example.org>"],
  ])("of the sender %p says that it is from %p", (sender, expected) =>
    withSmtp({}, async (smtp) => {
      await openMailer({ url: smtp.url, from: sender }).send(mail);
      const { from, header } = await smtp.next();
      expect(from).toBe("shelf@example.org");
      expect(header("From")).toBe(expected);
    }),
  );
});

describe("a mail that is not taken", () => {
  test("because no server is set up: says which settings to set", async () => {
    const mailer = openMailer({ url: "", from: "" });
    expect(mailer.isSetUp).toBe(false);
    const error = await failureOf(mailer.send(mail));
    expect(error).toMatchObject({ code: "mail_failed", hint: expect.stringContaining("[mail] url") });
  });

  test("because the password is wrong: does not repeat it, though the server does", () =>
    withSmtp({ auth: { user: "ada", pass: "right" } }, async (smtp) => {
      const error = await failureOf(openMailer({ url: smtp.url.replace("right", "Wr0ng"), from }).send(mail));
      expect(error).toMatchObject({
        code: "mail_failed",
        message: "The mail server refuses our name or password.",
      });
      expect(Bun.inspect(error, { depth: 10 })).not.toContain("Wr0ng");
      expect(smtp.messages).toEqual([]);
    }));

  test.each([btoa("Wr0ng"), btoa("\0ada\0Wr0ng")])(
    "because it doesn't know %p: does not repeat that",
    (word) => {
      const answer = Object.assign(new Error(`500 what is ${word}?`), { code: "EAUTH" });
      const error = mailFailure(answer, { user: "ada", pass: "Wr0ng" });
      expect(error).toMatchObject({ code: "mail_failed" });
      expect(Bun.inspect(error, { depth: 10 })).not.toContain(word);
    },
  );

  test("because of a bug: stays a bug", () => {
    const bug = new TypeError("x is not a function");
    expect(mailFailure(bug, undefined)).toBe(bug);
  });

  test("because we have no password: asks for one", () =>
    withSmtp({ auth: { user: "ada", pass: "right" } }, async (smtp) => {
      const error = await failureOf(openMailer({ url: smtp.url.replace(/\/\/.*@/, "//"), from }).send(mail));
      expect(error).toMatchObject({
        code: "mail_failed",
        message: "The mail server refuses our name or password.",
      });
      expect(error.cause).toMatchObject({ message: expect.stringContaining("530") });
    }));

  test("because the address in the settings is none: does not repeat it", async () => {
    const error = await failureOf(openMailer({ url: "smtp://ada:secret@ho%20st", from }).send(mail));
    expect(error).toMatchObject({ code: "mail_failed", hint: "Correct [mail] url." });
    expect(Bun.inspect(error, { depth: 10 })).not.toContain("secret");
  });

  test("because there is no such recipient: is never tried again", () =>
    withSmtp({ refuse: { [mail.to]: 550 } }, async (smtp) => {
      const error = await failureOf(openMailer({ url: smtp.url, from }).send(mail));
      expect(error).toBeInstanceOf(PermanentFailure);
      expect(error.message).toContain("550 no ada@example.org here");
    }));

  test("because the recipient can't be reached now: is worth another try", () =>
    withSmtp({ refuse: { [mail.to]: 450 } }, async (smtp) => {
      const error = await failureOf(openMailer({ url: smtp.url, from }).send(mail));
      expect(error).toMatchObject({ code: "mail_failed", message: "The mail server did not take the mail." });
    }));

  test("because nobody vouches for the server's certificate", () =>
    withSmtp({ tls: true }, async (smtp) => {
      const error = await failureOf(openMailer({ url: smtp.url, from }).send(mail));
      expect(error).toMatchObject({ message: "There is no safe connection to the mail server." });
      expect(smtp.messages).toEqual([]);
    }));

  test("because the server is down; once it is up again, mail goes out", () =>
    withSmtp({}, async (smtp) => {
      const port = Number(new URL(smtp.url).port);
      const mailer = openMailer({ url: smtp.url, from });
      await smtp.stop();
      expect(await failureOf(mailer.send(mail))).toMatchObject({
        message: "The mail server can't be reached.",
      });
      const again = await startSmtp({ port });
      await mailer.send(mail);
      expect(again.messages).toHaveLength(1);
      await again.stop();
    }));

  test.each<[string, (socket: Bun.Socket) => void, string]>([
    ["keeps silent", () => {}, "The mail server can't be reached."],
    ["hangs up", (socket) => void socket.end(), "The mail server can't be reached."],
    ["greets for ever", drip("220-wait\r\n"), "The mail server can't be reached."],
    [
      "speaks another language",
      (socket) => void socket.write("SSH-2.0-OpenSSH\r\n"),
      "The mail server can't be reached.",
    ],
    [
      "greets and keeps silent",
      (socket) => void socket.write("220 hi\r\n"),
      "The mail server can't be reached.",
    ],
    ["greets and drips", greetAndDrip, "The mail server took too long, or we were stopped."],
  ])("because the server %s", async (_, greet, message) => {
    const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { open: greet, data() {} } });
    const mailer = openMailer({ url: `smtp://127.0.0.1:${server.port}`, from }, 100);
    expect(await failureOf(mailer.send(mail))).toMatchObject({ code: "mail_failed", message });
    server.stop(true);
  });

  test("because the mailer is closed, or its job was interrupted", async () => {
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const mailer = openMailer({ url: `smtp://127.0.0.1:${silent.port}`, from });
    const interrupt = new AbortController();
    const interrupted = failureOf(mailer.send(mail, interrupt.signal));
    const closed = failureOf(mailer.send(mail));
    interrupt.abort();
    expect(await interrupted).toMatchObject({ code: "mail_failed" });
    mailer.close();
    expect(await closed).toMatchObject({ code: "mail_failed" });
    expect(await failureOf(mailer.send(mail))).toMatchObject({ code: "mail_failed" });
    silent.stop(true);
  });
});

async function withSmtp(options: SmtpOptions, use: (smtp: Smtp) => Promise<void>): Promise<void> {
  const smtp = await startSmtp(options);
  try {
    await use(smtp);
  } finally {
    await smtp.stop();
  }
}

async function failureOf(sending: Promise<void>): Promise<AppError | PermanentFailure> {
  const error = await sending.then(
    () => null,
    (error: unknown) => error,
  );
  if (error instanceof AppError || error instanceof PermanentFailure) return error;
  throw new Error("it should have failed in a way that was foreseen", { cause: error });
}

/** Sends a bit now and then, so that the line is never quiet for long. */
function drip(bit: string): (socket: Bun.Socket) => void {
  return (socket) => {
    const timer = setInterval(() => (socket.readyState > 0 ? socket.write(bit) : clearInterval(timer)), 20);
  };
}

function greetAndDrip(socket: Bun.Socket): void {
  socket.write("220 hi\r\n");
  drip("250-wait\r\n")(socket);
}
