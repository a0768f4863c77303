/** Bytes as a key for maps and as Automerge writes hashes and actors. */
export function hexOf (bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}
