import { cleanText } from "../lib/text.ts";
import { plainName, writeLetter } from "./letter.ts";
import type { Mail } from "./mail.ts";

/** Whose mail it is. `to` is a bare address, `name` whatever the person calls themselves. */
interface Person {
  to: string;
  name: string;
}

/** A link that works once, for so many minutes. It is made from `server.public_url`. */
interface MinutesLink {
  link: string;
  minutes: number;
}

/** To someone who forgot their password, or for whom somebody pretends that. */
export function resetMail({ to, name, link, minutes }: Person & MinutesLink): Mail {
  return writeLetter(to, "Set a new password for Homereel", [
    hello(name),
    `Somebody asked to set a new password for your Homereel account. The link can be used once, within ${minutesInWords(minutes)}.`,
    { label: "Set a new password", link },
    "If this was not you, there is nothing to do: without the link your password stays as it is.",
  ]);
}

/** To the new address of an account, to show that its owner reads it. */
export function confirmEmailMail({ to, name, link, minutes }: Person & MinutesLink): Mail {
  return writeLetter(to, "Confirm your new e-mail address for Homereel", [
    hello(name),
    `This address is to become the one of your Homereel account. The link confirms it. It can be used once, within ${minutesInWords(minutes)}.`,
    { label: "Confirm this address", link },
    "If this was not you, there is nothing to do: without the link nothing changes.",
  ]);
}

/** To the old address, which otherwise would not learn of it. */
export function emailChangedMail({ to, name, newEmail }: Person & { newEmail: string }): Mail {
  return writeLetter(to, "Your e-mail address for Homereel was changed", [
    hello(name),
    `The e-mail address of your Homereel account is now ${cleanText(newEmail, 254)}. Log in with that one from now on; this address gets no more mail from us.`,
    "If this was not you, tell whoever runs your Homereel at once: they can give the account back to you.",
  ]);
}

export function passwordChangedMail({ to, name }: Person): Mail {
  return writeLetter(to, "Your password for Homereel was changed", [
    hello(name),
    "The password of your Homereel account was changed.",
    "If this was not you, set a new one at once from the login page, and tell whoever runs your Homereel.",
  ]);
}

/** `inviter` is the name of who made the invitation. */
export function inviteMail(mail: { to: string; inviter: string; link: string; days: number }): Mail {
  const inviter = plainName(mail.inviter) || "Somebody";
  return writeLetter(mail.to, `${inviter} invites you to Homereel`, [
    "Hello,",
    `${inviter} invites you to their Homereel, a shelf of videos to watch and share. The link makes an account for you. It can be used once, within ${inWords(mail.days, "day")}.`,
    { label: "Accept the invitation", link: mail.link },
    "If you don't know who this is from, there is nothing to do.",
  ]);
}

function hello(name: string): string {
  const known = plainName(name);
  return known === "" ? "Hello," : `Hello ${known},`;
}

function minutesInWords(minutes: number): string {
  return minutes % 60 === 0 ? inWords(minutes / 60, "hour") : inWords(minutes, "minute");
}

function inWords(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
