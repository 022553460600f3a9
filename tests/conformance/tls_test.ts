// The front door with TLS (issue 5, item 8): https and wss, the certificate followed to its files, bad files named.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { makeCertificate } from "../clients/certificate.ts";
import { curl } from "../clients/curl.ts";
import { testNeeding } from "../clients/needs.ts";
import { runNode, startNode } from "../clients/node.ts";
import { runPeer } from "./peer.ts";
import { PATH } from "./raw_http_cases.ts";
import { readProgram } from "./scripts.ts";
import { eventually } from "./within.ts";

const files = {
  "raw_echo.ts": readProgram("raw_echo.ts"),
  "frames_echo.ts": readProgram("frames_echo.ts"),
  "where.ts": "export default { fetch: (request: Request) => new Response(request.url) };",
};
const ECHO = "/frames_echo:frames_echo:template.os";
const WHERE = "/where:where:template.os";
/** One message there and back, by a client that checks the certificate. */
const PYTHON_WSS = `
import asyncio, ssl, sys, websockets
async def main(url, ca):
    async with websockets.connect(url, ssl=ssl.create_default_context(cafile=ca)) as socket:
        await socket.send("over tls")
        print(await socket.recv())
asyncio.run(main(*sys.argv[1:]))`;

/** As curl sees it: the answer's body, with the certificate that it must trust. */
async function fetched(url: string, certFile: string, ...more: string[]): Promise<string> {
  const answer = await curl(["--cacert", certFile, ...more, url]);
  return answer.code === 0 ? answer.text : `curl ${answer.code}`;
}

testNeeding(["curl", "openssl", "python"], "TLS: https and wss", async (t, paths) => {
  const folder = await Deno.makeTempDir({ prefix: "kinode-tls-" });
  const { certFile, keyFile } = await makeCertificate(paths.openssl, folder, "node");
  await using node = await startNode({
    args: ["--tls-cert", certFile, "--tls-key", keyFile],
    files,
  });
  assertMatch(node.url, /^https:\/\/localhost:\d+$/);
  const at = (path: string) => `${node.url}${path}`;
  await eventually("answer", async () => {
    const all = await Promise.all([WHERE, PATH].map((path) => fetched(at(path), certFile)));
    return all.every((text) => !text.startsWith("curl") && text !== "") || undefined;
  });

  await t.step("request.url says https, and the path is as the client sent it", async () => {
    assertEquals(await fetched(at(`${WHERE}/a?b`), certFile), `${node.url}${WHERE}/a?b`);
  });
  await t.step("a body of 4 MB comes through both ways", async () => {
    const body = `${folder}/body`;
    await Deno.writeTextFile(body, "b".repeat(4 * 1024 * 1024));
    const echoed = await fetched(at(PATH), certFile, "--data-binary", `@${body}`);
    assertEquals(echoed.length, "POST / ".length + 4 * 1024 * 1024);
  });
  await t.step("the login's cookie is Secure", async () => {
    const login = ["-d", JSON.stringify({ password_hash: "0x00" }), at("/login")];
    const answer = await curl(["--cacert", certFile, ...login]);
    assertEquals(answer.headers.getSetCookie().map((line) => line.endsWith("; Secure")), [true]);
  });
  for (
    const [flag, works] of [
      ["--tls-max 1.1", false],
      ["--tls-max 1.2", true],
      ["--tlsv1.3", true],
      ["--http1.0", true],
    ] as const
  ) {
    await t.step(`${flag}: ${works ? "taken" : "refused"}`, async () => {
      const text = await fetched(at(WHERE), certFile, ...flag.split(" "));
      assertEquals(text.startsWith("https:"), works, text);
    });
  }
  await t.step("wss, by Python's websockets", async () => {
    const url = at(ECHO).replace("https", "wss");
    const { lines, stderr } = await runPeer(paths.python, ["-c", PYTHON_WSS, url, certFile]);
    assertEquals(lines, ["over tls"], stderr);
  });
  await t.step("http to the https port is refused, and harms nobody", async () => {
    const answer = await curl([at(WHERE).replace("https", "http")]);
    assert(answer.code !== 0);
    assertMatch(await fetched(at(WHERE), certFile), /^https:/);
  });
  await Deno.remove(folder, { recursive: true });
});

testNeeding(
  ["curl", "openssl"],
  "TLS: the certificate follows its files",
  async (t, { openssl }) => {
    const folder = await Deno.makeTempDir({ prefix: "kinode-tls-" });
    const first = await makeCertificate(openssl, folder, "first");
    const second = await makeCertificate(openssl, folder, "second");
    const [certFile, keyFile] = [`${folder}/used.crt`, `${folder}/used.key`];
    const use = async ({ certFile: cert, keyFile: key }: { certFile: string; keyFile: string }) => {
      await Deno.copyFile(cert, certFile);
      await Deno.copyFile(key, keyFile);
    };
    await use(first);
    await using node = await startNode({
      args: ["--tls-cert", certFile, "--tls-key", keyFile],
      files,
    });
    const url = `${node.url}${WHERE}`;
    await eventually(
      "answer",
      async () => (await fetched(url, first.certFile)).startsWith("https:") || undefined,
    );
    const kept = await Deno.connectTls({
      hostname: "localhost",
      port: Number(new URL(node.url).port),
      caCerts: [await Deno.readTextFile(first.certFile)],
    });

    await t.step("new connections get the new one", async () => {
      await use(second);
      await node.waitForLine("new connections get the new certificate");
      assertMatch(await fetched(url, second.certFile), /^https:/);
      assertMatch(await fetched(url, first.certFile), /^curl /);
    });
    await t.step("a connection that was open stays", async () => {
      await kept.write(new TextEncoder().encode(`GET ${WHERE} HTTP/1.1\r\nHost: h\r\n\r\n`));
      const buffer = new Uint8Array(1024);
      const count = await kept.read(buffer);
      assertMatch(new TextDecoder().decode(buffer.subarray(0, count ?? 0)), /^HTTP\/1\.1 200 /);
      kept.close();
    });
    await t.step("a broken file keeps the old one, and says why", async () => {
      await Deno.writeTextFile(certFile, "oh no");
      const line = await node.waitForLine("keeps the certificate that it has");
      assertStringIncludes(line, `--tls-cert ${certFile}: this is no PEM file with a CERTIFICATE`);
      assertMatch(await fetched(url, second.certFile), /^https:/);
    });
    await t.step("a key that is encrypted is named as that, in either form", async () => {
      for (const form of [["pkcs8", "-topk8"], ["ec", "-aes128"]]) {
        const from = node.lines.length;
        const args = [...form, "-in", second.keyFile, "-out", keyFile, "-passout", "pass:secret"];
        assert((await new Deno.Command(openssl, { args }).output()).success);
        await Deno.copyFile(second.certFile, certFile);
        await node.waitForLine("the key is encrypted; the node needs one without", { from });
      }
    });
    await t.step("and the next good one is taken", async () => {
      const from = node.lines.length;
      await use(first);
      await node.waitForLine("new connections get the new certificate", { from });
      assertMatch(await fetched(url, first.certFile), /^https:/);
    });
    await t.step("so is one file with the key before the certificate", async () => {
      const from = node.lines.length;
      const parts = [second.keyFile, second.certFile].map((file) => Deno.readTextFileSync(file));
      for (const file of [certFile, keyFile]) await Deno.writeTextFile(file, parts.join(""));
      await node.waitForLine("new connections get the new certificate", { from });
      assertMatch(await fetched(url, second.certFile), /^https:/);
      assertEquals(node.lines.slice(from).filter((line) => line.includes("--tls-cert")), []);
    });
    await Deno.remove(folder, { recursive: true });
  },
);

testNeeding(
  ["openssl"],
  "TLS: files that are no good are named at the start",
  async (t, { openssl }) => {
    const folder = await Deno.makeTempDir({ prefix: "kinode-tls-" });
    const good = await makeCertificate(openssl, folder, "good");
    const other = await makeCertificate(openssl, folder, "other");
    const noise = `${folder}/noise`;
    await Deno.writeTextFile(noise, "noise");
    const base = ["--fake", "--home", folder, "--port", "0"];
    const wrong: [string, string[], number, RegExp][] = [
      [
        "no file",
        ["--tls-cert", "/nope", "--tls-key", good.keyFile],
        1,
        /--tls-cert \/nope: there is no such file/,
      ],
      [
        "no PEM",
        ["--tls-cert", good.certFile, "--tls-key", noise],
        1,
        /--tls-key .*noise: this is no PEM file with a PRIVATE KEY/,
      ],
      [
        "exchanged",
        ["--tls-cert", good.keyFile, "--tls-key", good.certFile],
        1,
        /--tls-cert .* no PEM file with a CERTIFICATE/,
      ],
      [
        "another's key",
        ["--tls-cert", good.certFile, "--tls-key", other.keyFile],
        1,
        /cannot be used together/,
      ],
      ["one alone", ["--tls-cert", good.certFile], 2, /--tls-cert and --tls-key belong together/],
    ];
    for (const [name, args, code, said] of wrong) {
      await t.step(name, async () => {
        const ended = await runNode([...base, ...args]);
        assertMatch(ended.stderr, said);
        assertEquals(ended.code, code);
      });
    }
    await Deno.remove(folder, { recursive: true });
  },
);
