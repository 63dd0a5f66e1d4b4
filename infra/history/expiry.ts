/** Lifecycle of the history bucket in the long-lived stack. Pure. */
import type { HistoryTable } from '../../lib/history/tables.ts'
import type { StackTemplate } from '../stack.ts'

/** Days after which the objects of a table are deleted. Tables without a value are kept. */
export type HistoryRetention = ReadonlyMap<HistoryTable, number>

/** Logical id of the bucket in `stack/history.yaml`. */
const BUCKET = 'History'

/**
 * Adds a rule of expiry for each table to the bucket. S3 counts from the time at which an object was written, so a rule deletes rows
 * at the earliest when they are due.
 */
export function withExpiry(template: StackTemplate, retention: HistoryRetention): StackTemplate {
  const bucket = template.Resources[BUCKET]
  const lifecycle = bucket?.Properties?.LifecycleConfiguration as
    | { readonly Rules: readonly object[] }
    | undefined
  if (bucket === undefined || lifecycle === undefined) throw new Error(`infra/stack has no bucket ${BUCKET}.`)
  const rules = [...retention].map(([table, days]) => ({
    Id: table.replaceAll('_', '-'),
    Status: 'Enabled',
    Prefix: `${table}/`,
    ExpirationInDays: days,
  }))
  const changed = { ...lifecycle, Rules: [...lifecycle.Rules, ...rules] }
  const Properties = { ...bucket.Properties, LifecycleConfiguration: changed }
  return { ...template, Resources: { ...template.Resources, [BUCKET]: { ...bucket, Properties } } }
}
