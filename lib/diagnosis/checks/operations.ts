/** Checks that operations have ended. Pure. */
import { describeUnended } from '../../queries/records/unended-operations.ts'
import type { Audit } from '../../schemas/types.ts'
import { createFinding, type Finding, type Observed, open, unknown } from '../finding.ts'

/** Returns a finding for each operation that has begun and not ended. */
export function checkOperations(topic: string, unended: Observed<readonly Audit[]>): Finding[] {
  if ('unseen' in unended) return [createFinding('operations', 'ended', topic, unknown(unended))]
  if (unended.seen.length === 0)
    return [createFinding('operations', 'ended', topic, 'all operations that have begun have ended')]
  return unended.seen.map(one => createFinding('operations', 'ended', topic, open(...describeUnended(one))))
}
