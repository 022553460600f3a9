const types: Readonly<Record<string, string>> = {
  avif: "image/avif",
  css: "text/css",
  csv: "text/csv",
  gif: "image/gif",
  htm: "text/html",
  html: "text/html",
  ico: "image/x-icon",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript",
  json: "application/json",
  map: "application/json",
  md: "text/markdown",
  mjs: "text/javascript",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  ogg: "audio/ogg",
  otf: "font/otf",
  pdf: "application/pdf",
  png: "image/png",
  svg: "image/svg+xml",
  ttf: "font/ttf",
  txt: "text/plain",
  wasm: "application/wasm",
  wav: "audio/x-wav",
  webm: "video/webm",
  webmanifest: "application/manifest+json",
  webp: "image/webp",
  woff: "font/woff",
  woff2: "font/woff2",
  xml: "text/xml",
  zip: "application/zip",
};

/**
 * The MIME type of a file by the end of its name; `application/octet-stream` if that says nothing.
 *
 * ```ts
 * import { http } from "@kinode/process";
 *
 * http.getMimeType("index.html"); // "text/html"
 * ```
 */
export function getMimeType(filename: string): string {
  const end = filename.slice(filename.lastIndexOf(".") + 1).toLowerCase();
  return (filename.includes(".") && Object.hasOwn(types, end) && types[end]) ||
    "application/octet-stream";
}
