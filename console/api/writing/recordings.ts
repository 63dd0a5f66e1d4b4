/** Recordings that are part of Sluice. They are listed in a manifest. */
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'

export interface RecordingShown {
  readonly name: string
  /** Description of the contents. */
  readonly what: string
  readonly events: number
  /** Number of alerts that each rule fires when the recording is replayed into an empty environment. */
  readonly fires: Readonly<Record<string, number>>
}

interface Manifest {
  readonly streams: Readonly<
    Record<
      string,
      {
        readonly what: string
        readonly events?: number
        readonly records?: number
        readonly alerts?: { readonly fired?: Readonly<Record<string, number>> }
      }
    >
  >
}

/** Opens the recording. Each call returns a new stream. */
export type OpenRecording = () => Readable

const FOLDER = new URL('../../../events/', import.meta.url)
/** Number of bytes per read. A read contains several thousand events, so that they can be published in large requests. */
const READ_BYTES = 1024 * 1024

export class Recordings {
  readonly #folder: URL
  readonly #manifest: () => Promise<Manifest>

  constructor(folder: URL = FOLDER) {
    this.#folder = folder
    this.#manifest = async () => JSON.parse(await readFile(new URL('manifest.json', folder), 'utf8'))
  }

  async all(): Promise<readonly RecordingShown[]> {
    const { streams } = await this.#manifest()
    return Object.entries(streams).map(([file, { what, events, records, alerts }]) => {
      return { name: nameOf(file), what, events: events ?? records ?? 0, fires: alerts?.fired ?? {} }
    })
  }

  /** Returns a function that opens the recording; undefined for an unknown name. */
  async named(name: string): Promise<OpenRecording | undefined> {
    const { streams } = await this.#manifest()
    const file = Object.keys(streams).find(one => nameOf(one) === name)
    if (file === undefined) return undefined
    return () => createReadStream(new URL(file, this.#folder), { highWaterMark: READ_BYTES })
  }
}

/** Converts `streams/heatwave.jsonl` to `heatwave`. */
function nameOf(file: string): string {
  return file.replace(/^streams\//, '').replace(/\.jsonl(\.gz)?$/, '')
}
