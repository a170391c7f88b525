import { Hono } from "hono";
import type { Context } from "hono";
import type { Child } from "hono/jsx";
import {
  LiveCard,
  LiveCardRemoval,
  LiveMineRow,
  LiveNotice,
  LivePlayer,
  LiveQueue,
  LiveRow,
  LiveTray,
} from "../../../views/live.tsx";
import type { Topic } from "../../../views/live.tsx";
import type { Page } from "../../../views/page.ts";
import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { isAppError } from "../../lib/errors.ts";
import { allow } from "../../web/allow.ts";
import type { AppEnv } from "../../web/env.ts";
import { pageOf, storageIsAway } from "../../web/page.ts";
import { requireCredential, requireUser } from "../../web/session.ts";
import { encodeMessage, eventStream } from "../../web/sse.ts";
import { isStillIn } from "../accounts/accounts.ts";
import { canEdit, canSeeAll, findSame, getVideo } from "../videos/videos.ts";
import { countRunning, findItemFor, groupDownloads } from "./downloads.ts";

export const liveRoutes = new Hono<AppEnv>();

/** What an open page hears of: see `views/live.tsx`. It begins with how things stand now. */
liveRoutes.get("/events", allow("videos.watch"), (c) => {
  const user = requireUser(c);
  const credential = requireCredential(c);
  const topic = (c.req.query("topic") ?? "tray") as Topic;
  return eventStream(c, {
    isWelcome: () => isStillIn(c.get("deps"), user, credential),
    open(sendBytes) {
      const listener = new Listener(c, user, (markup) => sendBytes(encodeMessage(String(markup))));
      return listener.listen(topic);
    },
  });
});

/** What changes within this time is told at once: 100 links pasted together are one new queue. */
const gatherMs = 100;

/** One open page. */
class Listener {
  readonly #deps: Deps;
  readonly #user: User;
  readonly #page: Page;
  readonly #send: (markup: Child) => void;
  readonly #newVideos = new Set<string>();
  #queueIsNew = false;
  #timer: Timer | undefined;

  constructor(c: Context<AppEnv>, user: User, send: (markup: Child) => void) {
    this.#deps = c.get("deps");
    this.#page = pageOf(c);
    this.#user = user;
    this.#send = send;
  }

  listen(topic: Topic): () => void {
    const { events } = this.#deps;
    const stops = [
      events.on("download.changed", ({ userId }) => this.#tellLater(topic, userId)),
      events.on("queue.changed", ({ userId }) => this.#tellLater(topic, userId ?? this.#user.id)),
      events.on("video.changed", ({ userId, videoId }) => this.#tellLater(topic, userId, videoId)),
      events.on("video.progress", ({ videoId }) => this.#tellLater(topic, null, videoId)),
      events.on("storage.changed", ({ isAway }) =>
        this.#send(<LiveNotice notice={isAway ? storageIsAway : undefined} />),
      ),
      events.on("video.hidden", ({ videoId }) => {
        if (topic === "gallery" && !this.#findVideo(videoId))
          this.#send(<LiveCardRemoval videoId={videoId} />);
      }),
      events.on("video.deleted", ({ userId, videoId, wasPrivate }) => {
        const knew = !wasPrivate || userId === this.#user.id || canSeeAll(this.#user);
        if ((topic === "gallery" || topic === "mine") && knew)
          this.#send(<LiveCardRemoval videoId={videoId} />);
        this.#tellLater(topic, userId);
      }),
    ];
    this.#send(<LiveNotice notice={this.#page.notice} />);
    this.#queueChanged(topic);
    if (topic.startsWith("video:")) this.#videoChanged(topic, topic.slice("video:".length));
    return () => {
      clearTimeout(this.#timer);
      for (const stop of stops) stop();
    };
  }

  /** `queueOf` is whose queue changed; null where none did. */
  #tellLater(topic: Topic, queueOf: string | null, videoId?: string): void {
    if (queueOf !== null && (queueOf === this.#user.id || canSeeAll(this.#user))) this.#queueIsNew = true;
    if (videoId !== undefined && topic !== "tray") this.#newVideos.add(videoId);
    this.#timer ??= setTimeout(() => this.#tell(topic), gatherMs);
  }

  #tell(topic: Topic): void {
    this.#timer = undefined;
    const videoIds = [...this.#newVideos];
    const queueIsNew = this.#queueIsNew;
    this.#newVideos.clear();
    this.#queueIsNew = false;
    // Running jobs say their last while the server stops.
    if (!this.#deps.db.$client.open) return;
    for (const videoId of videoIds) this.#videoChanged(topic, videoId);
    if (queueIsNew) this.#queueChanged(topic);
  }

  #queueChanged(topic: Topic): void {
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
    if (topic !== "gallery" && topic !== "mine" && topic !== `video:${videoId}`) return;
    const video = this.#findVideo(videoId);
    if (!video) return;
    const progress = this.#deps.events.progressOf(videoId);
    const shown = { page: this.#fresh(), video, progress };
    if (topic === "gallery") return this.#send(<LiveCard {...shown} />);
    if (topic !== "mine") {
      const mayEdit = canEdit(this.#user, { ownerId: video.owner.id });
      return this.#send(<LivePlayer {...shown} canEdit={mayEdit} />);
    }
    if (video.owner.id !== this.#user.id) return;
    const same = findSame(this.#deps, this.#user, [videoId]).get(videoId);
    this.#send(<LiveMineRow {...shown} same={same} />);
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
