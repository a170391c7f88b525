import type { Command } from "./terminal.ts";

interface ListedCommand {
  name: string;
  /** Name and arguments, for the list. */
  usage: string;
  summary: string;
  /** A command is loaded when it is called: what the others need costs it nothing. */
  load(): Promise<Command>;
}

export const commands: readonly ListedCommand[] = [
  {
    name: "serve",
    usage: "serve",
    summary: "Serve the shelf",
    load: async () => (await import("./serve.ts")).serveCommand,
  },
  {
    name: "users",
    usage: "users list|create|delete|…",
    summary: "See accounts, make, change and delete them",
    load: async () => (await import("./users.ts")).usersCommand,
  },
  {
    name: "login",
    usage: "login URL",
    summary: "Let the commands in to a running server",
    load: async () => (await import("./login.ts")).loginCommand,
  },
  {
    name: "logout",
    usage: "logout",
    summary: "Take that back",
    load: async () => (await import("./logout.ts")).logoutCommand,
  },
  {
    name: "download",
    usage: "download URL… [--wait]",
    summary: "Download to a running server",
    load: async () => (await import("./download.ts")).downloadCommand,
  },
  {
    name: "upload",
    usage: "upload FILE… [--wait]",
    summary: "Send files to a running server",
    load: async () => (await import("./upload.ts")).uploadCommand,
  },
  {
    name: "jobs",
    usage: "jobs list|logs|retry|remove",
    summary: "See downloads and why one failed, start them again, remove them",
    load: async () => (await import("./jobs.ts")).jobsCommand,
  },
  {
    name: "thumbnails",
    usage: "thumbnails regenerate",
    summary: "Make pictures of videos again",
    load: async () => (await import("./thumbnails.ts")).thumbnailsCommand,
  },
  {
    name: "storage",
    usage: "storage migrate|setup|incoming",
    summary: "Move files into a bucket or back, set it up, see what it could not take",
    load: async () => (await import("./storage.ts")).storageCommand,
  },
  {
    name: "config",
    usage: "config [--example] [--json]",
    summary: "Print the settings in force",
    load: async () => (await import("./config.ts")).configCommand,
  },
  {
    name: "openapi",
    usage: "openapi",
    summary: "Print the description of the JSON API",
    load: async () => (await import("./openapi.ts")).openapiCommand,
  },
  {
    name: "doctor",
    usage: "doctor [--fix]",
    summary: "Look for what is wrong",
    load: async () => (await import("./doctor.ts")).doctorCommand,
  },
];
