import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import type { Mail } from "../../src/mail/mail.ts";
import { openMailer } from "../../src/mail/mailer.ts";
import { PermanentFailure } from "../../src/queue/job.ts";
import { startSmtp } from "../fixtures/smtp.ts";
import type { ReceivedMail, Smtp } from "../fixtures/smtp.ts";

const mail: Mail = { to: "ada@example.org", subject: "Hi", text: "Hello.\n", html: "<p>Hello.</p>" };

let smtp: Smtp;
beforeAll(async () => void (smtp = await startSmtp()));
afterAll(() => smtp.stop());

function send(change: Partial<Mail>): Promise<void> {
  return openMailer({ url: smtp.url, from: "shelf@example.org" }).send({ ...mail, ...change });
}

test.each([
  "ada@example.org,eve@example.org",
  "ada@example.org eve@example.org",
  "ada@example.org;eve@example.org",
  "ada@example.org\r\nBcc: eve@example.org",
  "ada@example.org\n",
  "ada@example.org>\r\nRCPT TO:<eve@example.org",
  "Ada <ada@example.org>",
  "<ada@example.org>",
  "friends: ada@example.org, eve@example.org;",
  '"ada@example.org, eve"@example.org',
  '"ada"@example.org',
  "ada@evil.example@example.org",
  "ada(comment)@example.org",
  "ada@[127.0.0.1]",
  "ada@example.org\0",
  "ada@exa mple.org",
  "\u0430da@example.org",
  ".ada@example.org",
  "ada@-example.org",
  "@example.org",
  "ada@",
  "ada",
  "",
  `${"a".repeat(65)}@example.org`,
  `ada@${"a.".repeat(130)}org`,
])("a mail to %p goes to nobody", async (to) => {
  const before = smtp.messages.length;
  await expect(send({ to })).rejects.toBeInstanceOf(PermanentFailure);
  expect(smtp.messages).toHaveLength(before);
});

// The server greets after 100 ms, so many mails are sent at once.
test("a mail reaches exactly the address that it names, or nobody", async () => {
  const pieces = ["ada", "eve", "@", "example.org", ",", " ", "<", ">", '"', ".", "\r\n", "+x", ";", ":"];
  const address = fc.oneof(
    fc.array(fc.constantFrom(...pieces), { maxLength: 7 }).map((some) => some.join("")),
    fc.stringMatching(/^[\w!#$%&'*+/=?^`{|}~-]{1,20}@[a-z]{1,9}\.[a-z]{2,4}$/),
    fc.emailAddress(),
  );
  const addresses = fc.array(address, { minLength: 50, maxLength: 50 });
  const reached = await sendEach(
    addresses,
    async (to) => {
      const error = await send({ to }).then(
        () => null,
        (error: unknown) => error,
      );
      if (error !== null) expect(error).toBeInstanceOf(PermanentFailure);
      return error === null ? JSON.stringify([to]) : null;
    },
    ({ to }) => JSON.stringify(to),
  );
  expect(reached).toBeGreaterThan(50);
});

test("a mail adds no header by its subject", async () => {
  const before = smtp.messages.length;
  await send({ subject: "Hi\r\nBcc: eve@example.org\r\n\r\nEvil body" });
  const [one, another] = smtp.messages.slice(before);
  expect(another).toBeUndefined();
  expect(one?.to).toEqual(["ada@example.org"]);
  expect(one?.header("Bcc")).toBe("");
  expect(one?.text).toBe(mail.text);
});

test("a mail keeps its text whatever stands in it", async () => {
  const line = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 120 }).map((text) => text.replaceAll(/[\p{Cc}\p{Cs}]/gu, "")),
    fc.constantFrom(".", "..", "QUIT", "From x", "=3D", " ", "a".repeat(1200)),
  );
  const text = fc.array(line, { minLength: 1, maxLength: 5 }).map((lines) => `${lines.join("\n")}\nend`);
  const texts = fc.array(text, { minLength: 30, maxLength: 30 });
  const same = await sendEach(
    texts,
    async (text) => send({ text }).then(() => text),
    ({ text }) => text,
  );
  expect(same).toBe(120);
});

/** Sends a few lots of mails; what `come` says of those that came must be what `go` said of those sent. */
async function sendEach(
  lots: fc.Arbitrary<string[]>,
  go: (one: string) => Promise<string | null>,
  come: (mail: ReceivedMail) => string,
): Promise<number> {
  let count = 0;
  const property = fc.asyncProperty(lots, async (lot) => {
    const before = smtp.messages.length;
    const went = (await Promise.all(lot.map(go))).filter((one) => one !== null);
    expect(smtp.messages.slice(before).map(come).toSorted()).toEqual(went.toSorted());
    count += went.length;
  });
  await fc.assert(property, { numRuns: 4, endOnFailure: true });
  return count;
}
