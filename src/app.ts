import { existsSync, readdirSync } from "node:fs";
import type { Config } from "./config.ts";
import { migrate } from "./db/migrate.ts";
import { keepReserve } from "./db/reserve.ts";
import { closeDatabase, openDatabase } from "./db/open.ts";
import type { Deps } from "./deps.ts";
import { openEgress } from "./egress/egress.ts";
import { Events } from "./events/events.ts";
import { findTools } from "./exec/find-tools.ts";
import { sweepStrays } from "./exec/strays.ts";
import { sweepWorkFolders } from "./exec/work-folder.ts";
import { githubReleases } from "./exec/ytdlp/release.ts";
import { keepHouseLater, keepHouseNow } from "./features/accounts/housekeeping.ts";
import { gaveUpInvite, sendInviteNow } from "./features/accounts/joining/invites.ts";
import {
  housekeepingJob,
  inviteMailJob,
  mailEmailChangedJob,
  mailEmailLinkJob,
  mailPasswordChangedJob,
  mailResetLinkJob,
} from "./features/accounts/jobs.ts";
import {
  mailEmailChangedNow,
  mailEmailLinkNow,
  mailPasswordChangedNow,
  mailResetLinkNow,
} from "./features/accounts/links/letters.ts";
import {
  fetchNow,
  probeNow,
  settleDownloads,
  workFoldersInUse,
} from "./features/downloads/fetching/fetch.ts";
import { keepDownloaderLater, keepDownloaderNow } from "./features/downloads/downloader/downloader.ts";
import { gaveUpUpdate, updateDownloaderNow } from "./features/downloads/downloader/by-hand.ts";
import { downloaderJob, fetchJob, probeJob, updateDownloaderJob } from "./features/downloads/jobs.ts";
import { downloadGates } from "./features/downloads/gates/gates.ts";
import { gaveUpDownload } from "./features/downloads/fetching/outcomes.ts";
import { dropArrivalNow } from "./features/uploads/arriving/drop-arrival.ts";
import { gaveUpArrival, takeArrivalNow } from "./features/uploads/arriving/take-arrival.ts";
import { finishUploadNow } from "./features/uploads/finish.ts";
import { watchIncoming } from "./features/uploads/incoming/watch.ts";
import {
  dropArrivalJob,
  takeArrivalJob,
  finishUploadJob,
  sweepUploadsJob,
  takeIncomingJob,
} from "./features/uploads/jobs.ts";
import {
  settleUploads,
  sweepUploadsLater,
  sweepUploadsNow,
  uploadFoldersInUse,
} from "./features/uploads/sweep.ts";
import { gaveUpIncoming, takeIncomingNow } from "./features/uploads/incoming/take.ts";
import { removeFilesJob, removeKeptJob } from "./features/removals/jobs.ts";
import { removeFilesNow, removeKeptNow } from "./features/removals/remove-files.ts";
import { moveJob } from "./features/storage/jobs.ts";
import { gaveUpMove, moveNow } from "./features/storage/move.ts";
import { queueAllPicturesNow } from "./features/videos/all-pictures.ts";
import { gaveUpIngest, ingestNow } from "./features/videos/ingest.ts";
import { allPicturesJob, ingestJob, picturesJob, replaceJob } from "./features/videos/jobs.ts";
import { remakePicturesNow } from "./features/videos/pictures.ts";
import { gaveUpReplacing, replaceFileNow } from "./features/videos/replace.ts";
import { foldersToIngest } from "./features/videos/videos.ts";
import { dataFolder } from "./lib/data-folder.ts";
import { OneTimeToken } from "./lib/one-time-token.ts";
import { openLog } from "./log.ts";
import { openMailer } from "./mail/mailer.ts";
import { bind } from "./queue/binding.ts";
import { JobQueue } from "./queue/worker.ts";
import { createRouter } from "./router.tsx";
import type { Router } from "./router.tsx";
import { openDiskStorage } from "./storage/disk.ts";
import { StorageHealth } from "./storage/health.ts";
import { openConfiguredS3 } from "./storage/s3/configured.ts";
import { openArrivals } from "./storage/s3/open-arrivals.ts";
import { openIncoming } from "./storage/s3/open-incoming.ts";
import { SignedUrls, loadLinkKey } from "./storage/signed-url.ts";
import { fromNobody } from "./web/client-address.ts";
import { openLimits } from "./web/limits.ts";
import { SessionTokens, loadSessionKey } from "./web/session-token.ts";

export interface App {
  deps: Deps;
  router: Router;
  /** Clears up after an earlier life and begins to work on jobs. The data folder must be ours alone. */
  start(): Promise<void>;
  /** Resolves when nothing runs and nothing is due: for tests. */
  idle(): Promise<void>;
  /**
   * Lets running jobs give their attempt back, then closes everything. `hangUp` sends away who still asks, before the
   * database closes.
   */
  stop(hangUp?: () => Promise<void>): Promise<void>;
}

/** The composition root: everything that exists once is made here, and every job is given its verb. */
export function openApp(config: Config): App {
  const dataDir = config.data.dir;
  const db = openDatabase(dataDir);
  migrate(db, dataDir);
  const log = openLog(config.log);
  const disk = openDiskStorage(dataFolder.storage(dataDir));
  const s3 = openConfiguredS3(config);
  const egress = openEgress({
    allowNetworks: config.downloads.allow_networks,
    bytesPerSecond: config.downloads.rate_limit,
    log,
  });
  const { tools, problems } = findTools(config.tools, { dataDir });

  const queue: JobQueue<Deps> = new JobQueue<Deps>({
    db,
    log,
    now: Date.now,
    concurrency: {
      short: config.downloads.short_concurrency,
      long: config.downloads.long_concurrency,
      media: 2,
      transcode: 1,
      mail: 2,
      chores: 2,
    },
    deps: () => deps,
    gates: downloadGates({ db, config }),
    bindings: [
      bind(probeJob, probeNow, gaveUpDownload),
      bind(fetchJob, fetchNow, gaveUpDownload),
      bind(downloaderJob, keepDownloaderNow),
      bind(updateDownloaderJob, updateDownloaderNow, gaveUpUpdate),
      bind(housekeepingJob, keepHouseNow),
      bind(mailResetLinkJob, mailResetLinkNow),
      bind(mailEmailLinkJob, mailEmailLinkNow),
      bind(mailPasswordChangedJob, mailPasswordChangedNow),
      bind(mailEmailChangedJob, mailEmailChangedNow),
      bind(inviteMailJob, sendInviteNow, gaveUpInvite),
      bind(ingestJob, ingestNow, gaveUpIngest),
      bind(replaceJob, replaceFileNow, gaveUpReplacing),
      bind(picturesJob, remakePicturesNow),
      bind(allPicturesJob, queueAllPicturesNow),
      bind(removeFilesJob, removeFilesNow),
      bind(finishUploadJob, finishUploadNow),
      bind(takeArrivalJob, takeArrivalNow, gaveUpArrival),
      bind(dropArrivalJob, dropArrivalNow),
      bind(sweepUploadsJob, sweepUploadsNow),
      bind(takeIncomingJob, takeIncomingNow, gaveUpIncoming),
      bind(removeKeptJob, removeKeptNow),
      bind(moveJob, moveNow, gaveUpMove),
    ],
  });

  const deps: Deps = {
    config,
    db,
    storage: config.storage.driver === "s3" ? s3() : disk,
    storageOf: (name) => (name === "disk" ? disk : s3()),
    storageHealth: new StorageHealth({
      storages: config["storage.s3"].bucket === "" ? [disk] : [disk, s3()],
      log,
      now: () => deps.now(),
      changed: (isAway) => deps.events.emit("storage.changed", { isAway }),
    }),
    incoming: openIncoming(config),
    arrivals: openArrivals(config),
    signedUrls: new SignedUrls(loadLinkKey(dataDir)),
    queue,
    events: new Events(),
    tools,
    releases: githubReleases,
    egress,
    sessions: new SessionTokens(loadSessionKey(dataDir)),
    setupToken: new OneTimeToken(),
    limits: openLimits(config.limits),
    mailer: openMailer(config.mail),
    from: fromNobody,
    log,
    now: Date.now,
  };

  let stopWatching = () => {};
  return {
    deps,
    router: createRouter(deps),
    async start() {
      for (const problem of problems) log.warn({ tool: problem.tool }, problem.message);
      // Every child's home is a work folder. Looking through all processes takes longer than the rest of the start.
      if (hasWorkFolders(dataDir)) sweepStrays(dataDir);
      await disk.sweepIncoming();
      // Pages and what lies on the disk work without the bucket, so the start goes on; but its owner should hear of it.
      deps.storageHealth.watch();
      const inUse = [...workFoldersInUse(deps), ...uploadFoldersInUse(deps), ...foldersToIngest(deps)];
      await sweepWorkFolders(dataFolder.work(dataDir), new Set(inUse));
      settleDownloads(deps);
      settleUploads(deps);
      sweepUploadsLater(deps);
      keepDownloaderLater(deps);
      keepHouseLater(deps);
      queue.start();
      stopWatching = watchIncoming(deps);
      // Last, as it takes a moment and nobody waits for it.
      keepReserve(dataDir);
    },
    idle: () => queue.idle(),
    async stop(hangUp) {
      deps.storageHealth.close();
      stopWatching();
      await queue.stop();
      await hangUp?.();
      await egress.close();
      deps.mailer.close();
      closeDatabase(db);
    },
  };
}

function hasWorkFolders(dataDir: string): boolean {
  const root = dataFolder.work(dataDir);
  return existsSync(root) && readdirSync(root).length > 0;
}
