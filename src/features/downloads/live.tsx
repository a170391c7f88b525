import { Hono } from "hono";
import type { Context } from "hono";
import type { Child } from "hono/jsx";
import { LiveCard, LiveCardRemoval, LivePlayer, LiveQueue, LiveRow, LiveTray } from "../../../views/live.tsx";
import type { Topic } from "../../../views/live.tsx";
import type { Page } from "../../../views/page.ts";
import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { isAppError } from "../../lib/errors.ts";
import type { AppEnv } from "../../web/env.ts";
import { pageOf } from "../../web/page.ts";
import { requireUser } from "../../web/session.ts";
import { encodeMessage, eventStream } from "../../web/sse.ts";
import { getVideo } from "../videos/videos.ts";
import { countRunning, findItemFor, groupDownloads } from "./downloads.ts";

export const liveRoutes = new Hono<AppEnv>();

/** What an open page hears of: see `views/live.tsx`. It begins with how things stand now. */
liveRoutes.get("/events", (c) => {
  const user = requireUser(c);
  const topic = (c.req.query("topic") ?? "tray") as Topic;
  return eventStream(c, (sendBytes) => {
    const listener = new Listener(c, user, (markup) => sendBytes(encodeMessage(String(markup))));
    return listener.listen(topic);
  });
});

/** One open page. */
class Listener {
  readonly #deps: Deps;
  readonly #user: User;
  readonly #page: Page;
  readonly #send: (markup: Child) => void;

  constructor(c: Context<AppEnv>, user: User, send: (markup: Child) => void) {
    this.#deps = c.get("deps");
    this.#page = pageOf(c);
    this.#user = user;
    this.#send = send;
  }

  listen(topic: Topic): () => void {
    const { events } = this.#deps;
    const queueChanged = (event: { userId: string }): void => this.#queueChanged(topic, event.userId);
    const videoChanged = (event: { videoId: string; userId: string }): void => {
      this.#videoChanged(topic, event.videoId);
      this.#queueChanged(topic, event.userId);
    };
    const stops = [
      events.on("download.changed", queueChanged),
      events.on("video.changed", videoChanged),
      events.on("video.progress", (event) => this.#videoChanged(topic, event.videoId)),
      events.on("video.deleted", (event) => {
        if (topic === "gallery") this.#send(<LiveCardRemoval videoId={event.videoId} />);
        this.#queueChanged(topic, event.userId);
      }),
    ];
    this.#queueChanged(topic, this.#user.id);
    if (topic.startsWith("video:")) this.#videoChanged(topic, topic.slice("video:".length));
    return () => stops.forEach((stop) => stop());
  }

  #queueChanged(topic: Topic, userId: string): void {
    if (userId !== this.#user.id && this.#user.role !== "admin") return;
    this.#send(<LiveTray running={countRunning(this.#deps, this.#user)} />);
    if (topic !== "downloads") return;
    this.#send(<LiveQueue page={this.#fresh()} groups={groupDownloads(this.#deps, this.#user)} />);
  }

  #videoChanged(topic: Topic, videoId: string): void {
    if (topic === "downloads") {
      const download = findItemFor(this.#deps, this.#user, videoId);
      if (download) this.#send(<LiveRow page={this.#fresh()} download={download} />);
      return;
    }
    if (topic !== "gallery" && topic !== `video:${videoId}`) return;
    const video = this.#findVideo(videoId);
    if (!video) return;
    const View = topic === "gallery" ? LiveCard : LivePlayer;
    this.#send(<View page={this.#fresh()} video={video} progress={this.#deps.events.progressOf(videoId)} />);
  }

  /** Null where this person may not see it. */
  #findVideo(videoId: string) {
    try {
      return getVideo(this.#deps, this.#user, videoId);
    } catch (error) {
      if (isAppError(error)) return null;
      throw error;
    }
  }

  #fresh(): Page {
    return { ...this.#page, now: this.#deps.now() };
  }
}
