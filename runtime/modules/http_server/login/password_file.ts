/** `--password-file`: for a node that starts without a person. */
import { passwordHash } from "./argon2_files.ts";
import { KeyfileUnusable } from "./keyfile.ts";

/** The hash of the file's first line. Throws KeyfileUnusable. */
export async function hashOfFile(path: string, node: string): Promise<string> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new KeyfileUnusable(`--password-file ${path}: ${(error as Error).message}`);
  }
  const password = text.split(/\r?\n/, 1)[0]!;
  if (password === "") {
    throw new KeyfileUnusable(`--password-file ${path}: its first line is empty`);
  }
  return passwordHash(password, node);
}
