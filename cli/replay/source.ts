/** A recording, as a file or as standard input. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { addAbortSignal, type Readable } from 'node:stream'
import { type OnInvalid, type Recorded, readRecorded } from '../../lib/operations/replay/recorded.ts'
import { fileFailure } from '../files.ts'
import { pathIn, type Terminal } from '../terminal.ts'

export interface Source {
  readonly name: string
  /** Whether it can be read more than once, as a file can and a pipe cannot. */
  readonly isRepeatable: boolean
  /** Its size; null where nobody knows. */
  readonly bytes: number | null
  /**
   * What is recorded, in order, as far as each read goes.
   *
   * @param onInvalid leaves out lines that cannot be read, see `readRecorded`
   */
  read(onInvalid?: OnInvalid): AsyncGenerator<readonly Recorded[]>
}

/** Bytes a read: some thousand events, so that they can be published in large requests. */
const READ_BYTES = 1024 * 1024

/** @param file `-` is standard input */
export async function sourceOf(file: string, terminal: Terminal): Promise<Source> {
  if (file === '-') return source('standard input', null, () => terminal.stdin, terminal)
  const path = pathIn(terminal, file)
  const bytes = await stat(path).then(
    found => (found.isFile() ? found.size : null),
    error => Promise.reject(fileFailure(file, error)),
  )
  return source(file, bytes, () => createReadStream(path, { highWaterMark: READ_BYTES }), terminal)
}

function source(name: string, bytes: number | null, open: () => Readable, { stop }: Terminal): Source {
  return {
    name,
    isRepeatable: bytes !== null,
    bytes,
    async *read(onInvalid) {
      try {
        yield* readRecorded(addAbortSignal(stop, open()), name, onInvalid)
      } catch (error) {
        throw fileFailure(name, error)
      }
    },
  }
}
