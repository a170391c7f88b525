/** The media type of a file by what ffprobe found in it, never by its name (RFC 6838, RFC 4337, RFC 9559). */
export function mimeOf(info: { container: string; video: unknown }): string {
  const [video, audio] = types[info.container] ?? ["video/mp4", "audio/mp4"];
  return info.video === null ? audio : video;
}

const types: Record<string, [video: string, audio: string]> = {
  mp4: ["video/mp4", "audio/mp4"],
  mov: ["video/quicktime", "audio/mp4"],
  webm: ["video/webm", "audio/webm"],
  matroska: ["video/matroska", "audio/matroska"],
  avi: ["video/x-msvideo", "video/x-msvideo"],
  mpegts: ["video/mp2t", "video/mp2t"],
  mpeg: ["video/mpeg", "audio/mpeg"],
  flv: ["video/x-flv", "video/x-flv"],
  ogg: ["video/ogg", "audio/ogg"],
  wav: ["audio/wav", "audio/wav"],
  mp3: ["audio/mpeg", "audio/mpeg"],
  aac: ["audio/aac", "audio/aac"],
  flac: ["audio/flac", "audio/flac"],
  asf: ["video/x-ms-asf", "video/x-ms-asf"],
  mxf: ["application/mxf", "application/mxf"],
};
