/** Finds the entity to erase. An ambiguous name is rejected, because an erasure cannot be undone. */

import type { StateInspection } from '#runtime/adapters/redis/state-inspection.ts'
import { eventViolation } from '#runtime/cloudevents/index.ts'
import { parseEntity } from '#runtime/consumer/index.ts'
import { largeAttribute, type StateKey } from '#runtime/pipeline/model/index.ts'
import { findSimilarEntities, readHoldings } from '../../queries/states/erasable-states.ts'
import { escapeText } from '../../support/escape-text.ts'
import { type Erasure, entityErased } from '../../telemetry/erasure.ts'
import { OperationFailure, usageFailure } from '../operation-failure.ts'

/** Maximum number of entity names in a message. */
const MAX_LISTED = 10

const HOW_TO_NAME = 'Specify the whole name: source, a space and subject, such as "/greenhouse/north roof-1".'

/**
 * Returns the full name of an entity. A subject is accepted if only one entity has it. A full name is accepted even if the entity
 * has no state, because the log may still contain records of it.
 *
 * @param wanted full name or subject
 * @throws OperationFailure if no entity or several entities match
 */
export async function resolveErasureTarget(
  inspection: Pick<StateInspection, 'state' | 'states' | 'summary' | 'readEntityTimers'>,
  stateKeys: readonly StateKey[],
  wanted: string,
): Promise<string> {
  const isHeld = async () => (await readHoldings(inspection, stateKeys, wanted)).length > 0
  if (wanted.includes(' ') && (await isHeld())) return wanted
  const { bySubject, similar } = await findSimilarEntities(inspection, stateKeys, wanted)
  const [only] = bySubject
  if (bySubject.length > 1)
    throw usageFailure(
      `Several entities have the subject "${escapeText(wanted)}":\n${formatNames(bySubject)}\n${HOW_TO_NAME}`,
    )
  if (only !== undefined) return only
  if (wanted.includes(' ')) return requireValidEntity(wanted)
  const nearest = similar.length > 0 ? ` These contain it:\n${formatNames(similar)}\n` : ' '
  throw new OperationFailure(
    `No consumer has a state of an entity with the subject "${escapeText(wanted)}".${nearest}${HOW_TO_NAME}`,
  )
}

/**
 * Checks that events can have this source and subject, and returns the name of the entity.
 *
 * @throws OperationFailure for an invalid source or subject
 */
function requireValidEntity(entity: string): string {
  const event = entityErased(parseEntity(entity), NOWHERE)
  const wrong = eventViolation(event) ?? largeAttribute(event)
  if (wrong) throw usageFailure(`No entity can be named "${escapeText(entity)}": ${wrong}. ${HOW_TO_NAME}`)
  return entity
}

const NOWHERE: Erasure = { erasureId: '', requestedAt: '', partition: 0 }

function formatNames(names: readonly string[]): string {
  const more = names.length > MAX_LISTED ? [`  and ${names.length - MAX_LISTED} more`] : []
  return [...names.slice(0, MAX_LISTED).map(name => `  ${escapeText(name)}`), ...more].join('\n')
}
