/**
 * Binary form of remembered ids: the id, digest and log clock of each, without separators. A large state has millions of ids, and
 * an object for each would need too much memory.
 */
import type { RememberedId } from '../model/partition-state.ts'

const ID = 12
const DIGEST = 8
const CLOCK = 6

/** Size of one id, in bytes. */
export const ID_BYTES = ID + DIGEST + CLOCK

export function bytesOfIds(ids: readonly RememberedId[]): Buffer {
  const bytes = Buffer.allocUnsafe(ids.length * ID_BYTES)
  for (const [index, { id, digest, appliedAtMs }] of ids.entries()) {
    const at = index * ID_BYTES
    bytes.write(id + digest, at, 'latin1')
    bytes.writeUIntBE(appliedAtMs, at + ID + DIGEST, CLOCK)
  }
  return bytes
}

/** Returns the time of the log's clock at which the oldest id was applied; `Infinity` if there are no ids. */
export function oldestInBytes(bytes: Buffer): number {
  let oldest = Infinity
  for (let at = ID + DIGEST; at < bytes.length; at += ID_BYTES)
    oldest = Math.min(oldest, bytes.readUIntBE(at, CLOCK))
  return oldest
}

export function idsInBytes(bytes: Buffer): RememberedId[] {
  return Array.from({ length: bytes.length / ID_BYTES }, (_, index) => {
    const at = index * ID_BYTES
    return {
      id: bytes.toString('latin1', at, at + ID),
      digest: bytes.toString('latin1', at + ID, at + ID + DIGEST),
      appliedAtMs: bytes.readUIntBE(at + ID + DIGEST, CLOCK),
    }
  })
}
