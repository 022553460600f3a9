// A certificate for tests, made by openssl as a person would make one: for localhost and 127.0.0.1, for two days.

export interface TestCertificate {
  certFile: string;
  keyFile: string;
  /** Its name, to tell it from another. */
  name: string;
}

/** Writes `<stem>.crt` and `<stem>.key` into the folder. */
export async function makeCertificate(
  openssl: string,
  folder: string,
  stem: string,
  name = stem,
): Promise<TestCertificate> {
  const certFile = `${folder}/${stem}.crt`;
  const keyFile = `${folder}/${stem}.key`;
  const args = [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-days", "2", "-subj", `/CN=${name}`, "-keyout", keyFile, "-out", certFile],
    ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
  ];
  const { success, stderr } = await new Deno.Command(openssl, { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return { certFile, keyFile, name };
}
