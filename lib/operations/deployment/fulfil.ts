/** Creates and changes the topics of an environment as CloudFormation requests. */
import type { Signal } from '../../app/topics.ts'
import { OperationFailure } from '../failure.ts'
import { ABOUT_REFUSED, type RefusedChange } from '../topic-plan.ts'
import type { Applying } from '../topics/apply.ts'
import type { PlannedTopics } from '../topics/planned.ts'
import { isRollback, type Outcome, type ResourceRequest, readersIn, renamedIn } from './request.ts'

/** Ports of a deployment. */
export interface DeploymentPorts {
  planned(readers: ReadonlyMap<Signal, readonly string[]>): Promise<PlannedTopics>
  /**
   * Applies the changes.
   *
   * @param applying result that is updated while the changes are applied
   */
  applied(planned: PlannedTopics, applying: Applying): Promise<void>
  /** Creates the secret and the parameter if they are missing, and returns the names of those created. */
  ensureSettings(): Promise<readonly string[]>
  /** Repeats work that fails because of a missing permission, as long as the permission may still become effective. */
  patiently(work: () => Promise<void>): Promise<void>
}

/** Log of the function. */
export interface Teller {
  info(message: string, details: Record<string, unknown>): void
  warn(message: string, details: Record<string, unknown>): void
  error(message: string, details: Record<string, unknown>): void
}

/**
 * Applies the topic table. All changes are decided before any is made: a change that would lose records
 * prevents all others. Deleting the resource keeps topics, secret and parameter.
 *
 * @returns the outcome. Never rejects
 */
export async function fulfil(
  request: ResourceRequest,
  ports: DeploymentPorts,
  told: Teller,
): Promise<Outcome> {
  if (request.RequestType === 'Delete') {
    told.info(
      'the topics are no longer managed by the stack; they are kept, and so are the secret and the parameter',
      {},
    )
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
 * Returns the outcome of a failure. A rollback to an older deployment succeeds nevertheless, because the
 * resources that it needs exist; otherwise the stack could neither continue nor roll back.
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
    told.warn('an older deployment is being restored: the refused changes of topics are not made', {
      kept: refused,
    })
  }
  const settings = await ports.ensureSettings()
  await ports.applied(planned, applying)
  told.info('done', { created: applying.created, changed: applying.changed, settings })
}

function refusalOf(refused: readonly RefusedChange[]): string {
  const changes = refused.map(
    ({ topic, setting, found, wanted, because }) => `${topic}: ${setting} ${found} → ${wanted}: ${because}.`,
  )
  const why = refused.length === 1 ? 'a refused change' : `${refused.length} refused changes`
  return `No topic was changed because of ${why}. ${changes.join(' ')} ${ABOUT_REFUSED}; then deploy again.`
}

function refusalOfNames(renamed: readonly string[]): string {
  return (
    `No topic was changed, because the names of topics would change: ${renamed.join(', ')}. States and pending records stay with the ` +
    'old topics, so every consumer would start over. Keep the names with TOPIC_NAMES, KAFKA_TOPIC, ORG and DOMAIN. To migrate, deploy ' +
    'the new names as another stage, switch the producers to it, and remove this stage when its consumers have read all records.'
  )
}

/** Returns the reason of a failure. Messages of libraries contain names and positions, but never records or passwords. */
function reasonOf(error: Error, { created, changed }: Applying): string {
  const done = [...new Set([...created, ...changed.map(({ topic }) => topic)])]
  const before = done.length === 0 ? '' : ` These were created or changed before: ${done.join(', ')}.`
  const message = error.message || error.name
  return `${/[.!?]$/.test(message) ? message : `${message}.`}${before}`
}
