/** The audit events of what is written. */
import { randomUUID } from 'node:crypto'
import type { Audit } from '../../../lib/audit.ts'
import { leaveAudit } from '../../../lib/operations/audit.ts'
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import type { Delivery } from './publish.ts'
import type { ReplayShown } from './replays.ts'

/** @throws as `Publisher.publish` does */
export async function audited(environment: ConsoleEnvironment, audit: Audit): Promise<void> {
  await leaveAudit(await environment.publisher(), environment.config, audit)
}

/** Pure, but for the name of the operation. @param nowMs its end */
export function publishAudit(
  by: string,
  startedAt: string,
  { id, topic, partition, offset }: Delivery,
  nowMs: number,
): Audit {
  return {
    action: 'publish',
    by,
    startedAt,
    endedAt: instant(nowMs),
    operation: randomUUID(),
    filter: { topic, partition: String(partition), offset: String(offset), id },
    counts: { published: 1 },
  }
}

/** Pure. */
export function replayAudit(ended: ReplayShown, isShifted: boolean): Audit {
  const { id, by, recording, speed, startedAt, endedAt, acknowledged, state } = ended
  return {
    action: 'replay',
    by,
    startedAt,
    endedAt: endedAt ?? startedAt,
    operation: id,
    filter: {
      recording,
      speed: String(speed ?? 'max'),
      ...(isShifted ? { shift: 'now' } : {}),
      ended: state,
    },
    counts: { published: acknowledged },
  }
}

/** Pure, but for the name of the operation. @param replay what was stopped @param nowMs when */
export function stopAudit(by: string, { id, recording }: ReplayShown, nowMs: number): Audit {
  const at = instant(nowMs)
  return {
    action: 'replay stop',
    by,
    startedAt: at,
    endedAt: at,
    operation: randomUUID(),
    filter: { operation: id, recording },
    counts: { stopped: 1 },
  }
}
