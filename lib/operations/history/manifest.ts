/** Manifest of an export of the history: its objects with their checksums. */
import { createHash } from 'node:crypto'
import { array, type InferOutput, literal, number, object, pipe, regex, safeParse, string } from 'valibot'
import type { ObjectRange } from '../../history/object-key.ts'
import { DamagedObject, decodeColumns } from '../../history/parquet.ts'
import type { HistoryStore } from '../../history/store.ts'
import { jsonIn } from '../../json.ts'
import { OperationFailure } from '../failure.ts'

const NAME = 'manifest.json'

const MANIFEST = object({
  version: literal(1),
  /** Environment whose history was exported. */
  env: string(),
  /** Objects in ascending order of key. A key contains topic, day, partition, first and last offset. */
  objects: array(
    object({
      key: string(),
      rows: number(),
      bytes: number(),
      sha256: pipe(string(), regex(/^[0-9a-f]{64}$/)),
    }),
  ),
})

export type Manifest = InferOutput<typeof MANIFEST>
export type ManifestEntry = Manifest['objects'][number]

/**
 * Reads the manifest of an export. Returns undefined if there is none.
 *
 * @throws OperationFailure if the manifest cannot be read
 */
export async function manifestIn(store: HistoryStore): Promise<Manifest | undefined> {
  const bytes = await store.get(NAME)
  if (bytes === undefined) return undefined
  const { success, output } = safeParse(MANIFEST, jsonIn(String(bytes)))
  if (success) return output
  throw new OperationFailure(`${store.name}/${NAME} is not the manifest of an export of the history.`)
}

export async function putManifest(store: HistoryStore, manifest: Manifest): Promise<void> {
  await store.put(NAME, Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`))
}

/**
 * Returns the manifest's entry of an object.
 *
 * @throws DamagedObject if the object does not have the rows that its key names
 */
export async function entryOf(
  range: ObjectRange & { readonly key: string },
  bytes: Buffer,
): Promise<ManifestEntry> {
  const { rows, values } = await decodeColumns(bytes, { names: ['offset'] })
  const { offset = [] } = values
  const [first = -1, last = -1] = [offset[0], offset.at(-1)] as (number | undefined)[]
  // A compacted object can begin with a marker of a transaction, which is no row.
  if (first < range.firstOffset || last < first || last > range.lastOffset)
    throw new DamagedObject('its rows are not those that its name says')
  return { key: range.key, rows, bytes: bytes.length, sha256: sha256Of(bytes) }
}

export function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
