/** What the path of a file says of the npm package that it may be of. */

/** Whether `path` is a file of an npm package. */
export function isOfPackage(path: string): boolean {
  return /(?:^|\/)node_modules\//.test(path);
}

/** What the file at `path` may not leave: what a script takes from above its own package is the folder's. */
export function rootOf(path: string, root: string): string {
  const isOwn = path.startsWith(`${root}/`) && !isOfPackage(path.slice(root.length));
  return isOwn || /\.zip$/i.test(root) && path.startsWith(`${root}/`) ? root : "";
}
