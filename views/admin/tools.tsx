import type { Child } from "hono/jsx";
import type { ToolItem, ToolsView, YtDlpItem } from "../../src/features/admin/item.ts";
import { formatRelativeTime } from "../../src/lib/durations.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Button } from "../parts/button.tsx";
import { type FormError, FormNotice } from "../parts/field.tsx";
import { Icon } from "../parts/icons.tsx";
import { Time } from "../parts/time.tsx";
import { AdminPage, DoneNotice } from "./frame.tsx";

export interface ToolsProps {
  page: Page;
  tools: ToolsView;
  /** Of so many videos the pictures were just asked for again. */
  queued?: number;
  error?: FormError;
}

/** The programs that the work is done with. */
export function ToolsPage({ page, tools, queued, error }: ToolsProps) {
  return (
    <AdminPage page={page} at="Tools" title="Tools">
      {error && <FormNotice error={error} />}
      {queued !== undefined && <Queued count={queued} />}
      <YtDlp page={page} ytDlp={tools.ytDlp} />
      <section class="tools-part" aria-labelledby="programs-title">
        <h2 id="programs-title">Other programs</h2>
        <dl class="facts">
          <Program name="ffmpeg" tool={tools.ffmpeg} />
          <Program name="ffprobe" tool={tools.ffprobe} />
          <Program name="JavaScript" kind={tools.jsRuntime.kind} tool={tools.jsRuntime} />
        </dl>
      </section>
      <Pictures {...tools.pictures} />
    </AdminPage>
  );
}

function YtDlp({ page, ytDlp }: { page: Page; ytDlp: YtDlpItem }) {
  const { version, warning, from, newest, before, canUpdate, isUpdating, last } = ytDlp;
  return (
    <section
      id="yt-dlp"
      class="tools-part"
      aria-labelledby="yt-dlp-title"
      {...(isUpdating ? askAgain(page) : {})}
    >
      <h2 id="yt-dlp-title">yt-dlp</h2>
      <p class="soft">It does the downloading. Sites change often, and it has to follow.</p>
      {warning && <Warning>{warning}</Warning>}
      <dl class="facts">
        <Fact label="Version">
          {version ?? "none"}
          {version && <Age ytDlp={ytDlp} now={page.now} />}
        </Fact>
        {from && <Fact label="From">{origins[from]}</Fact>}
        <Fact label="Newest">
          {newest ? (
            <>
              {newest.version}, asked <Time at={newest.at} now={page.now} />
            </>
          ) : (
            "not asked yet"
          )}
        </Fact>
        <Fact label="Updates">{carePlan(ytDlp)}</Fact>
      </dl>
      <div role="status">
        {isUpdating ? (
          <p class="tools-outcome">
            <Icon name="clock" />
            <span>The update is under way. What runs now keeps its version.</span>
          </p>
        ) : (
          last && (
            <p class={last.ok ? "tools-outcome" : "tools-outcome bad"}>
              <Icon name={last.ok ? "check" : "circle-alert"} />
              <span>
                {last.says} {last.hint}{" "}
                <span class="soft">
                  (<Time at={last.at} now={page.now} />)
                </span>
              </span>
            </p>
          )
        )}
      </div>
      {canUpdate && !isUpdating && (
        <div class="tools-acts">
          <form method="post" action={paths.updateYtDlp()} data-swap="#yt-dlp">
            <Button kind="primary" icon="rotate-cw">
              Update now
            </Button>
          </form>
          {before && (
            <form method="post" action={paths.rollBackYtDlp()} data-swap="#yt-dlp">
              <Button>Roll back to {before}</Button>
            </form>
          )}
        </div>
      )}
    </section>
  );
}

/** While something is under way this part of the page is asked for again and again. */
function askAgain(page: Page) {
  return {
    "hx-get": paths.tools(),
    "hx-trigger": "every 2s",
    "hx-select": "#yt-dlp",
    "hx-target": "#yt-dlp",
    "hx-swap": "outerHTML",
    "hx-nonce": page.nonce,
  };
}

const dayMs = 86_400_000;

function Age({ ytDlp: { ageDays }, now }: { ytDlp: YtDlpItem; now: number }) {
  if (ageDays === null) return null;
  return (
    <>, {ageDays === 0 ? "released today" : `released ${formatRelativeTime(now - ageDays * dayMs, now)}`}</>
  );
}

const origins = {
  "data folder": "the data folder, where Homereel keeps its own",
  system: "the system",
  setting: "the configuration, which names it: whoever set it looks after it",
} as const;

const rhythms = {
  "when-old": "when it is missing or older than 90 days",
  daily: "daily, where there is a newer one",
  never: "only by hand",
} as const;

function carePlan({ channel, updates, pin, canUpdate }: YtDlpItem): string {
  if (!canUpdate) return "none by Homereel";
  if (pin) return `none: the configuration stays at ${pin}`;
  return `${rhythms[updates]}, from the ${channel} channel`;
}

function Program({ name, kind, tool }: { name: string; kind?: string | null; tool: ToolItem }) {
  return (
    <Fact label={name}>
      {tool.version === null ? "none" : [kind, tool.version].filter(Boolean).join(" ")}
      {tool.warning && <Warning>{tool.warning}</Warning>}
    </Fact>
  );
}

function Pictures({ all, missing }: ToolsView["pictures"]) {
  return (
    <section class="tools-part" aria-labelledby="pictures-title">
      <h2 id="pictures-title">Thumbnails</h2>
      <p class="soft">
        {missing === 0 ? "No video lacks a picture." : `${countOf(missing)} a picture.`}
        {all > 0 && " Made again, they are taken from the stored files, after all that is new."}
      </p>
      <form class="tools-acts" method="post" action={paths.remakeAllThumbnails()}>
        {missing > 0 && (
          <Button icon="images" name="only" value="missing">
            Make the missing ones
          </Button>
        )}
        {all > 0 && (
          <Button kind="quiet" name="only" value="all">
            Make all again ({all.toLocaleString("en")})
          </Button>
        )}
      </form>
    </section>
  );
}

function countOf(videos: number): string {
  return videos === 1 ? "1 video lacks" : `${videos.toLocaleString("en")} videos lack`;
}

function Queued({ count }: { count: number }) {
  if (count === 0) return <DoneNotice>There was nothing to make.</DoneNotice>;
  const videos = count === 1 ? "1 video" : `${count.toLocaleString("en")} videos`;
  return <DoneNotice>The pictures of {videos} are made again, by and by.</DoneNotice>;
}

function Warning({ children }: { children: Child }) {
  return (
    <p class="tools-warning">
      <Icon name="circle-alert" />
      <span>{children}</span>
    </p>
  );
}

function Fact({ label, children }: { label: string; children: Child }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
