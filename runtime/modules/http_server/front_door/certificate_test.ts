import { assertEquals } from "@std/assert";
import { faultOfDates } from "./certificate.ts";

/** For ninety days: 2026-11-27 00:13:18 to 2027-02-25 00:13:18. Its key is with nobody. */
const CERT = `-----BEGIN CERTIFICATE-----
MIIBfTCCASOgAwIBAgIUfqaJHWs13GCIT1PJkpHAw61BoZowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MB4XDTI2MTEyNzAwMTMxOFoXDTI3MDIyNTAw
MTMxOFowFDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEi2knjRACKv2Oood6WPB6fFuDYIcNO3bOCcvkvyeokuxMmbeHEjKRigGk
7S5ZNSduPi9vfjYzvIFNOLyuucpEIqNTMFEwHQYDVR0OBBYEFBs8hdHdDfWJQH5X
FY81Dm2OrRj6MB8GA1UdIwQYMBaAFBs8hdHdDfWJQH5XFY81Dm2OrRj6MA8GA1Ud
EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgNnC0hsr7sU794Xolrcw+SJFx
mLwgd12Q90nWCABeQdQCIQCpDWMcC0fZlUFE/ZM6vYe3V3t8zDmYU31dsLFX3w9L
JA==
-----END CERTIFICATE-----
`;

Deno.test("faultOfDates() warns with a tenth of the time left, and says what has passed or is to come", async () => {
  const on = (date: string) => faultOfDates(CERT, Date.parse(date));
  assertEquals(
    await on("2026-11-27T00:13:17Z"),
    "is valid from 2026-11-27 on: until then clients refuse it",
  );
  assertEquals(await on("2026-11-27T00:13:18Z"), null);
  assertEquals(await on("2027-02-16T00:13:18Z"), null);
  assertEquals(
    await on("2027-02-16T00:13:19Z"),
    "expires on 2027-02-25: from then on clients refuse it",
  );
  assertEquals(await on("2027-02-25T00:13:18Z"), "has expired on 2027-02-25: clients refuse it");
});

Deno.test("faultOfDates() reads the first certificate, whatever else is in the file", async () => {
  const after = Date.parse("2027-03-01");
  const key = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
  const others = CERT.replace(/[A-Za-z0-9+/]{64}/, "A".repeat(64));
  for (const pem of [key + CERT, "Certificate:\n  Data: words\n" + CERT, CERT + others + key]) {
    assertEquals(
      await faultOfDates(pem, after),
      "has expired on 2027-02-25: clients refuse it",
    );
  }
  const broken = await faultOfDates(others, after);
  assertEquals(broken?.startsWith("serves, but its dates cannot be read ("), true, `${broken}`);
});
