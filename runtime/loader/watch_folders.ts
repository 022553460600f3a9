/**
 * Deno watches a folder with all that lies in it, or not at all: one sub-folder that it may not read (`lost+found` of
 * a disk of its own), or more of them than the system lets it watch, and it refuses. Then the folders are named one by
 * one, without those.
 */
import { join } from "@std/path";

export interface Watched {
  watcher: Deno.FsWatcher;
  /** Of folders that come later nothing is heard, until this is opened again. */
  partial: boolean;
  /** Paths of the folders in which changes go unnoticed. */
  unwatched: string[];
}

/** `watchFs` is Deno's; throws what it throws when not even `root` can be watched. */
export function openWatcher(root: string, watchFs: typeof Deno.watchFs): Watched {
  try {
    return { watcher: watchFs(root), partial: false, unwatched: [] };
  } catch {
    const openSome = (leftOut: string): Watched => {
      const unwatched: string[] = [];
      const folders = foldersIn(root, leftOut, unwatched);
      return { watcher: watchFs(folders, { recursive: false }), partial: true, unwatched };
    };
    try {
      return openSome("");
    } catch {
      // Packages are most of the folders there are, and change least.
      return openSome("node_modules");
    }
  }
}

/** `folder` and those in it, but for hidden ones; what cannot be among them is added to `unwatched`. */
function foldersIn(folder: string, leftOut: string, unwatched: string[]): string[] {
  const folders = [folder];
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (!isDirectory || name.startsWith(".")) continue;
    const path = join(folder, name);
    try {
      if (name === leftOut) unwatched.push(path);
      else folders.push(...foldersIn(path, leftOut, unwatched));
    } catch {
      unwatched.push(path);
    }
  }
  return folders;
}
