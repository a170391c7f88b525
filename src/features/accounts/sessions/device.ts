import { cleanText } from "../../../lib/text.ts";

/** "Firefox on Windows", for people to recognise their sessions; what it can't tell it leaves out. */
export async function nameOfDevice(userAgent: string): Promise<string> {
  if (userAgent === "") return "Unknown";
  const { default: Bowser } = await import("bowser");
  const { browser, os, platform } = Bowser.parse(userAgent);
  const program = browser.name || cleanText(userAgent.split(/[/ ]/)[0] ?? "", 40);
  const machine = [platform.vendor === "Apple" ? platform.model : "", os.name].find(Boolean);
  return cleanText(machine ? `${program} on ${machine}` : program, 80);
}
