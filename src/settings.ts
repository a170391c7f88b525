import {
  choice,
  decimal,
  duration,
  flag,
  header,
  list,
  mailbox,
  mailServer,
  network,
  number,
  secret,
  site,
  size,
  text,
  timeWindow,
  url,
} from "./lib/settings.ts";
import { storageClasses } from "./lib/storage-classes.ts";

/**
 * Every setting, once: default, meaning and what is accepted. The TOML key is `[section] key`, the
 * environment's name HOMEREEL_SECTION_KEY, with _ for a dot. `config.example.toml` is written from this table.
 */
export const settings = {
  server: {
    host: text("0.0.0.0", "Address to listen on; 127.0.0.1 keeps it to this machine."),
    port: number(8080, "Port to listen on; 0 takes a free one.", { min: 0, max: 65535 }),
    public_url: url(
      "",
      "Where people reach Homereel, e.g. https://videos.example.org. When set, requests for other host names are refused, and links are made from it.",
    ),
    trusted_proxies: list(
      network,
      [],
      'Networks of reverse proxies, e.g. ["172.16.0.0/12"]. Only their word is taken for who is behind them (X-Forwarded-For, and the header of auth.proxy_header).',
    ),
    cors_origins: list(
      site,
      [],
      'Other sites whose scripts may call the JSON API with a token, e.g. ["https://dashboard.example.org"]. Empty means none.',
    ),
  },
  data: {
    dir: text("./data", "The one folder that holds everything: database, videos, programs, keys."),
  },
  auth: {
    registration: choice(
      "invite",
      ["closed", "invite", "open"],
      "Who may make an account: nobody but admins for them, whoever has an invitation link, or everyone who finds the page.",
    ),
    registration_role: choice(
      "viewer",
      ["viewer", "user"],
      "What people may do who registered without an invitation: watch, or add videos too.",
    ),
    proxy_header: header(
      "Header in which a trusted proxy such as Authelia says the e-mail of who is signed in, e.g. Remote-Email. Empty means: nobody is believed.",
    ),
    proxy_new_accounts: choice(
      "none",
      ["none", "viewer", "user"],
      "What someone becomes whom the proxy vouches for and who has no account yet; none turns them away.",
    ),
    session_hours: number(24, "How long a login lasts without being used, in hours.", {
      min: 1,
      max: 24 * 365,
    }),
  },
  limits: {
    logins_per_account: number(10, "Tries to log in to one account in 10 minutes.", { min: 1, max: 10_000 }),
    logins_per_address: number(60, "Tries to log in from one address in 10 minutes.", {
      min: 1,
      max: 10_000,
    }),
    registrations_per_address: number(20, "Tries to make an account from one address in an hour.", {
      min: 1,
      max: 10_000,
    }),
    mails_per_account: number(5, "Mails that strangers can have sent to one address in an hour.", {
      min: 1,
      max: 1000,
    }),
    mails_per_address: number(20, "Mails that one network address can have sent in an hour.", {
      min: 1,
      max: 1000,
    }),
    codes_per_address: number(
      30,
      "Tries of links and codes that were mailed, from one address in 10 minutes.",
      {
        min: 1,
        max: 10_000,
      },
    ),
    api_per_minute: number(1200, "Calls of the JSON API in a minute with one token or session.", {
      min: 10,
      max: 1_000_000,
    }),
  },
  mail: {
    url: mailServer(
      "The mail server, e.g. smtp://name:password@mail.example.org:587, or smtps:// for TLS from the start. Empty means: no mail is sent. It needs server.public_url, from which links are made.",
    ),
    from: mailbox('Sender of all mail, e.g. "Homereel <homereel@example.org>".'),
  },
  downloads: {
    visibility: choice(
      "library",
      ["library", "private"],
      "Who sees a new download: everyone signed in, or its owner and admins.",
    ),
    threshold_minutes: number(
      12,
      "A download that is expected to take longer than this many minutes goes to the long lane.",
      { min: 0, max: 24 * 60 },
    ),
    short_concurrency: number(3, "How many short downloads run at once.", { min: 1, max: 32 }),
    long_concurrency: number(1, "How many long downloads run at once.", { min: 1, max: 32 }),
    short_timeout_minutes: duration(15, "A short download that takes longer moves to the long lane."),
    long_timeout_minutes: duration(0, "A long download that takes longer fails; 0 means no limit."),
    per_site_concurrency: number(2, "How many downloads from one site run at once.", { min: 1, max: 32 }),
    pacing_seconds: number(0, "Seconds between the starts of two downloads from the same site.", {
      min: 0,
      max: 86_400,
    }),
    window: timeWindow(
      'When long downloads may start, e.g. "01:00-06:00" in the time of this machine; empty means: at any time.',
    ),
    rate_limit: size(
      "0",
      "The most that all downloads together take of the line, per second, e.g. 5MB; 0 means no limit.",
    ),
    allow_networks: list(
      network,
      [],
      'Private networks that may be downloaded from, e.g. ["192.168.1.0/24"]. All others are refused.',
    ),
  },
  uploads: {
    max_size: size("500MB", "The largest file that may be sent; 0 means no limit."),
    max_duration_seconds: number(0, "The longest video that may be sent, in seconds; 0 means no limit.", {
      min: 0,
      max: 30 * 86_400,
    }),
    quota: size(
      "0",
      "How much each person's files may take, uploads under way counted in; 0 means no limit. Admins give single people another one.",
    ),
    visibility: choice(
      "library",
      ["library", "private"],
      "Who sees a new upload: everyone signed in, or its owner and admins.",
    ),
    chunk_size: size(
      "8MB",
      "Size of the pieces in which browsers send files. It has to fit through a proxy in front, many of which stop at 100 MB.",
    ),
    min_rate: size(
      "4KB",
      "A connection that brings less than this per second, over half a minute, is cut; the upload goes on where it was. 0 means never.",
    ),
    keep_hours: number(72, "How long an unfinished upload waits for its next piece, in hours.", {
      min: 1,
      max: 24 * 90,
    }),
  },
  images: {
    max_size: size("25MB", "The largest picture that may be sent."),
    max_megapixels: number(80, "The most pixels that a picture may have, in millions.", { min: 1, max: 250 }),
    quality: number(82, "Quality of the WebP that pictures are kept as, from 1 to 100.", {
      min: 1,
      max: 100,
    }),
  },
  costs: {
    currency: text("", "What prices are in, e.g. EUR. Empty means: downloads show no cost."),
    storage_gb_month: decimal(0, "Price of keeping a gigabyte for a month."),
    traffic_gb: decimal(0, "Price of a gigabyte that comes in."),
  },
  storage: {
    driver: choice(
      "disk",
      ["disk", "s3"],
      "Where new files go: the data folder, or a bucket that speaks S3. What is stored already stays where it is, and both can be in use at once.",
    ),
    keep_moved_hours: number(
      48,
      'How long the old copy of a file is kept that "homereel storage migrate" moved, in hours. Addresses of a bucket that were handed out are good for up to 24.',
      { min: 0, max: 24 * 90 },
    ),
  },
  "storage.s3": {
    endpoint: url(
      "",
      "Address of the S3 server, e.g. http://minio:9000; empty means Amazon's for the region.",
    ),
    public_endpoint: url(
      "",
      "Address under which browsers reach the same server, where it is another one, e.g. https://s3.example.org.",
    ),
    region: text("us-east-1", "The bucket's region; most servers at home don't care."),
    bucket: text("", "Name of the bucket. It has to be there, and should be Homereel's alone."),
    access_key_id: secret("Access key; empty means: as the AWS SDK finds one (environment, profile, role)."),
    secret_access_key: secret("The secret that belongs to the access key."),
    path_style: flag(
      true,
      "true asks for https://server/bucket/file, false for https://bucket.server/file, which some services want.",
    ),
    proxy: flag(
      false,
      "true sends everything through Homereel, for a bucket that browsers can't reach. Otherwise they get addresses of the bucket that are good for some minutes.",
    ),
    original_class: choice(
      "",
      storageClasses,
      "Amazon's storage class for the files as they came, e.g. GLACIER_IR. Empty means: as the bucket keeps them.",
    ),
    rendition_class: choice("", storageClasses, "The same for copies that were made to be playable."),
    picture_class: choice("", storageClasses, "The same for thumbnails, posters and pictures."),
    incoming_owner: text(
      "",
      "E-mail of the account to which the videos belong that are put into the bucket below incoming/, by mc, rclone or a camera. Empty means: nothing is taken from there.",
    ),
    incoming_seconds: number(
      60,
      "How often incoming/ is looked through where the server does not tell of new files by itself, as MinIO does, in seconds.",
      { min: 1, max: 24 * 3600 },
    ),
    scratch: size(
      "50GB",
      "How much of the data folder copies may take of uploads that lie in the bucket and are being made ready. A file that is larger than this is looked at alone.",
    ),
    ca_file: text(
      "",
      "PEM file of the authority that signed the S3 server's certificate, where it is your own.",
    ),
  },
  tools: {
    ffmpeg: text("", "Path of ffmpeg; empty means: the bundled one, else the one on PATH."),
    ffprobe: text("", "Path of ffprobe; empty means: the one on PATH."),
    yt_dlp: text("", "Path of yt-dlp; empty means: the one in the data folder, else the one on PATH."),
    yt_dlp_updates: choice(
      "when-old",
      ["when-old", "daily", "never"],
      "when-old gets yt-dlp where it is missing or older than 90 days, daily whenever there is a newer one; into the data folder, checksum verified.",
    ),
    yt_dlp_channel: choice(
      "stable",
      ["stable", "nightly"],
      "Which releases of yt-dlp to get; nightly follows the sites sooner.",
    ),
    yt_dlp_version: text("", "A release of yt-dlp to stay at, e.g. 2026.10.26; empty means: the newest."),
    js_runtime: text(
      "",
      "Path of Deno 2.3+ or Node 22+, which yt-dlp needs for some sites; empty means: the one on PATH.",
    ),
  },
  log: {
    level: choice("info", ["debug", "info", "warn", "error"], "How much is written to the log."),
    audit_days: number(90, "How many days the record of sign-ins and changes to accounts is kept.", {
      min: 1,
      max: 3650,
    }),
    format: choice("auto", ["auto", "text", "json"], "auto writes text to a terminal and JSON elsewhere."),
  },
};
