import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Mail } from "../../src/mail/mail.ts";
import { openMailer } from "../../src/mail/mailer.ts";
import {
  confirmEmailMail,
  emailChangedMail,
  inviteMail,
  passwordChangedMail,
  resetMail,
} from "../../src/mail/messages.ts";
import { startSmtp } from "../fixtures/smtp.ts";
import type { Smtp } from "../fixtures/smtp.ts";

const to = "ada@example.org";
const link = `https://shelf.example.org:8443/reset?token=${"Ab_-".repeat(20)}&next=%2Fa%3Db#x=1`;

/** Every mail there is, for a person of this name. */
const mails = (name: string, address = link): [string, Mail][] => [
  ["reset", resetMail({ to, name, link: address, minutes: 30 })],
  ["confirm", confirmEmailMail({ to, name, link: address, minutes: 60 })],
  ["email changed", emailChangedMail({ to, name, newEmail: "new@example.org" })],
  ["password changed", passwordChangedMail({ to, name })],
  ["invite", inviteMail({ to, inviter: name, link: address, days: 7 })],
];
const withLink = mails("Ada").filter(([, { text }]) => text.includes(link));

test("say the same as text and as HTML", async () => {
  for (const [, { text, html }] of mails("Ada & Co")) {
    const spoken = (await seen(html)).text;
    for (const words of text.split("\n").filter((one) => one !== "")) {
      expect(spoken).toContain(words.replace(/:$/, ""));
    }
  }
});

test("hold their link whole on a line of its own, and in HTML to press", async () => {
  expect(withLink.map(([what]) => what)).toEqual(["reset", "confirm", "invite"]);
  for (const [, { text, html }] of withLink) {
    expect(text.split("\n")).toContain(link);
    expect((await seen(html)).links).toEqual([link, link]);
  }
});

test("fetch nothing and run nothing", async () => {
  for (const [, { html }] of mails("Ada")) {
    const { elements, attributes } = await seen(html);
    expect(elements.difference(new Set(["html", "head", "meta", "title", "body", "p", "a", "br"]))).toEqual(
      new Set(),
    );
    expect(attributes.difference(new Set(["lang", "charset", "name", "content", "href", "style"]))).toEqual(
      new Set(),
    );
    expect(html).not.toMatch(/url\(|@import/i);
  }
});

test.each([
  [1, "within 1 minute."],
  [30, "within 30 minutes."],
  [60, "within 1 hour."],
  [90, "within 90 minutes."],
  [1440, "within 24 hours."],
])("a link of %p minutes works %p", (minutes, words) => {
  expect(resetMail({ to, name: "Ada", link, minutes }).text).toContain(words);
  expect(confirmEmailMail({ to, name: "Ada", link, minutes }).text).toContain(words);
});

test("an invitation says who invites, and for how long it is good", () => {
  const { subject, text } = inviteMail({ to, inviter: "Ada Lovelace", link, days: 1 });
  expect(subject).toBe("Ada Lovelace invites you to Homereel");
  expect(text).toContain("within 1 day.");
});

test("the old address learns the new one", () => {
  const { text } = emailChangedMail({ to, name: "Ada", newEmail: "new@example.org" });
  expect(text).toContain("new@example.org");
});

describe("a hostile name", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc
      .array(
        fc.constantFrom(
          "<",
          ">",
          '"',
          "'",
          "&",
          "\r\n",
          "\n",
          "\u2028",
          "\u202e",
          "\u2066",
          "\0",
          "\ud800",
          "a:",
          "=?",
        ),
      )
      .map((some) => some.join("")),
    fc.constantFrom(
      "<script>alert(1)</script>",
      "A\r\nBcc: eve@example.org",
      "</p><img src=x onerror=y>",
      "x".repeat(9999),
    ),
  );

  test("brings no line break, no control and no turning mark, and stays short", () => {
    const property = fc.property(hostile, (name) => {
      for (const [, { subject, text, html }] of mails(name)) {
        expect(subject).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]/u);
        expect(text + html).not.toMatch(/[^\P{Cc}\n]|[\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]/u);
        expect(subject.length).toBeLessThan(160);
        expect(text.length).toBeLessThan(1000);
      }
    });
    fc.assert(property);
  });

  test("brings no line and no element of its own", async () => {
    const plain = await Promise.all(mails("Ada").map(([, mail]) => shape(mail)));
    const property = fc.asyncProperty(hostile, async (name) => {
      expect(await Promise.all(mails(name).map(([, mail]) => shape(mail)))).toEqual(plain);
    });
    await fc.assert(property, { numRuns: 30 });
  });

  test.each([
    "Visit https://evil.example now",
    "evil.example",
    "www.evil.example/win",
    "eve@evil.example",
    "mailto:eve@evil",
    "\u202e\u2066",
    "\r\n",
    "",
  ])("such as %p, which would become a link or is nothing, is left out", (name) => {
    const said = mails(name).map(([, { subject, text }]) => subject + text);
    for (const words of said) expect(words).not.toMatch(/evil/);
    expect(said.filter((words) => /(^|\n|Homereel|changed)Hello,\n/.test(words))).toHaveLength(5);
    expect(said.at(-1)).toStartWith("Somebody invites you");
  });

  test.each(["J. R. R. Tolkien", "O'Brien", "Ærøskøbing", "日本 太郎", "Dr. A.-B. Müller"])(
    "is not %p, which stays as it is",
    (name) => expect(resetMail({ to, name, link, minutes: 30 }).text).toStartWith(`Hello ${name},\n`),
  );
});

describe("on its way by SMTP", () => {
  let smtp: Smtp;
  beforeAll(async () => void (smtp = await startSmtp()));
  afterAll(() => smtp.stop());

  test("every mail stays what it is", async () => {
    const mailer = openMailer({ url: smtp.url, from: "Homereel <shelf@example.org>" });
    const names = ["Ada", "Žofie 日本 🎞", "A\r\nBcc: eve@example.org", '"Ada" <ada>'];
    const token = fc.stringMatching(/^[\w.~!$&'()*+,;=:@%/-]{0,300}$/);
    const links = fc.sample(token, 4).map((path) => `https://shelf.example.org/reset?token=${path}`);
    for (const [i, name] of names.entries()) {
      const sent = mails(name, links[i]).map(([, mail]) => mail);
      const before = smtp.messages.length;
      await Promise.all(sent.map((mail) => mailer.send(mail)));
      const came = smtp.messages
        .slice(before)
        .map(({ to, subject, text, html }) => ({ to, subject, text, html }));
      expect(came.toSorted(bySubject)).toEqual(
        sent.map((mail) => ({ ...mail, to: [to] })).toSorted(bySubject),
      );
    }
  });
});

function bySubject(a: { subject: string }, b: { subject: string }): number {
  return a.subject < b.subject ? -1 : 1;
}

/** What there is of a mail, whatever the words are. */
async function shape({ text, html }: Mail): Promise<unknown> {
  const { elements, links } = await seen(html);
  return { lines: text.split("\n").length, elements, links, brackets: html.split("<").length };
}

/** A document as a browser would read it. */
async function seen(html: string) {
  const elements = new Set<string>();
  const attributes = new Set<string>();
  const links: string[] = [];
  let text = "";
  const rewriter = new HTMLRewriter()
    .on("*", {
      element(element) {
        elements.add(element.tagName);
        for (const [name = ""] of element.attributes) attributes.add(name);
        if (element.tagName === "a") links.push(unescape(element.getAttribute("href") ?? ""));
      },
    })
    .onDocument({ text: (chunk) => void (text += chunk.text) });
  await rewriter.transform(new Response(html)).text();
  return { elements, attributes, links, text: unescape(text) };
}

function unescape(html: string): string {
  const characters: Record<string, string> = {
    lt: "<",
    gt: ">",
    quot: '"',
    "#x27": "'",
    "#39": "'",
    amp: "&",
  };
  return html.replaceAll(/&(lt|gt|quot|#x27|#39|amp);/g, (_, name: string) => characters[name] ?? "");
}
