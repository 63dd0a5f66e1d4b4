/** Exports a part of the history. */
import type { HistoryObject } from '../../history/object-key.ts'
import { slicesOf } from '../../history/read.ts'
import { OperationFailure } from '../failure.ts'
import { type CopyPlan, type CopyPorts, type CopyReport, copyObjects } from './copy.ts'
import { entryOf, manifestIn, putManifest } from './manifest.ts'

/**
 * Copies the objects from which readers read, and writes a manifest. A later export of other objects to the same place adds them.
 *
 * @throws OperationFailure if the target contains an export of another environment
 * @throws HistoryUnavailable if one of the places cannot be used
 */
export async function exportHistory(plan: CopyPlan, ports: CopyPorts): Promise<CopyReport> {
  const { env, tables, force, ...period } = plan
  const { from, to } = ports
  const before = await manifestIn(to)
  if (before && before.env !== env)
    throw new OperationFailure(
      `${to.name} contains an export of the environment ${before.env}: use another place.`,
    )
  // An object can have several slices.
  const objects = new Map<string, HistoryObject & { readonly as: string }>()
  for (const table of tables)
    for (const { slices } of await slicesOf(from, { table, ...period }))
      for (const { object } of slices) objects.set(object.key, { ...object, as: object.key })
  const { report, entries } = await copyObjects(
    [...objects.values()],
    ports,
    force,
    async (object, bytes) => ({ bytes, entry: await entryOf(object, bytes) }),
    ({ as }, bytes) => to.put(as, bytes),
  )
  const known = new Map([...(before?.objects ?? []), ...entries].map(entry => [entry.key, entry]))
  const sorted = [...known.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
  await putManifest(to, { version: 1, env, objects: sorted })
  return report
}
