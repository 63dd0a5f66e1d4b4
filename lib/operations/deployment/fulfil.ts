/** Does what CloudFormation asks of the topics of an environment. */
import type { Signal } from '../../app/topics.ts'
import { OperationFailure } from '../failure.ts'
import { ABOUT_REFUSED, type RefusedChange } from '../topic-plan.ts'
import type { Applying } from '../topics/apply.ts'
import type { PlannedTopics } from '../topics/planned.ts'
import { isRollback, type Outcome, type ResourceRequest, readersIn, renamedIn } from './request.ts'

/** Ports of a deployment. */
export interface DeploymentPorts {
  planned(readers: ReadonlyMap<Signal, readonly string[]>): Promise<PlannedTopics>
  /** @param applying grows while it works */
  applied(planned: PlannedTopics, applying: Applying): Promise<void>
  /** Creates the secret and the parameter that are missing, and says which were. */
  ensureSettings(): Promise<readonly string[]>
  /** Repeats work that lacks a permission, as long as that may pass. */
  patiently(work: () => Promise<void>): Promise<void>
}

/** Writes to the function's log. */
export interface Teller {
  info(message: string, details: Record<string, unknown>): void
  warn(message: string, details: Record<string, unknown>): void
  error(message: string, details: Record<string, unknown>): void
}

/**
 * Applies the topic table. Everything is decided before anything is changed: a change that would lose records prevents all
 * others. Deleting the resource keeps topics, secret and parameter.
 *
 * @returns the outcome. Never rejects
 */
export async function fulfil(
  request: ResourceRequest,
  ports: DeploymentPorts,
  told: Teller,
): Promise<Outcome> {
  if (request.RequestType === 'Delete') {
    told.info('the stack lets go of the topics: they stay, and so do the secret and the parameter', {})
    return { status: 'SUCCESS' }
  }
  const applying: Applying = { created: [], changed: [] }
  try {
    await ports.patiently(() => deploy(request, ports, told, applying))
    return { status: 'SUCCESS' }
  } catch (error) {
    return failed(request, reasonOf(error as Error, applying), told)
  }
}

/**
 * The outcome of a failure. An older deployment that comes back succeeds nevertheless, because what it needs is there: otherwise
 * the stack could neither continue nor go back.
 */
export function failed(request: ResourceRequest, reason: string, told: Teller): Outcome {
  told.error('the topics are not as the table says', { kind: 'deployment', reason })
  return isRollback(request) ? { status: 'SUCCESS' } : { status: 'FAILED', reason }
}

async function deploy(
  request: ResourceRequest,
  ports: DeploymentPorts,
  told: Teller,
  applying: Applying,
): Promise<void> {
  const renamed = renamedIn(request)
  if (renamed.length > 0 && !isRollback(request)) throw new OperationFailure(refusalOfNames(renamed))
  const planned = await ports.planned(readersIn(request))
  const { refused } = planned.plan
  if (refused.length > 0) {
    if (!isRollback(request)) throw new OperationFailure(refusalOf(refused))
    told.warn('an older deployment comes back: topics keep what it would change', { kept: refused })
  }
  const settings = await ports.ensureSettings()
  await ports.applied(planned, applying)
  told.info('done', { created: applying.created, changed: applying.changed, settings })
}

function refusalOf(refused: readonly RefusedChange[]): string {
  const changes = refused.map(
    ({ topic, setting, found, wanted, because }) => `${topic}: ${setting} ${found} → ${wanted}: ${because}.`,
  )
  const why = refused.length === 1 ? 'a change that is refused' : `${refused.length} changes that are refused`
  return `No topic was changed, because of ${why}. ${changes.join(' ')} ${ABOUT_REFUSED}; then deploy again.`
}

function refusalOfNames(renamed: readonly string[]): string {
  return (
    `No topic was changed, because topics would get other names: ${renamed.join(', ')}. States and waiting records stay with the ` +
    'old topics, so every consumer would begin anew. Keep the names with TOPIC_NAMES, KAFKA_TOPIC, ORG and DOMAIN; or move: deploy ' +
    'the new names as another stage, have producers write there, and remove this stage when its consumers have read everything.'
  )
}

/** The messages of libraries hold names and places, never records or passwords. */
function reasonOf(error: Error, { created, changed }: Applying): string {
  const done = [...new Set([...created, ...changed.map(({ topic }) => topic)])]
  const before = done.length === 0 ? '' : ` Before that, these were created or changed: ${done.join(', ')}.`
  const message = error.message || error.name
  return `${/[.!?]$/.test(message) ? message : `${message}.`}${before}`
}
